import type { Random } from "../random.ts";
import type { Theme } from "./theme.ts";
import { ADJECTIVES, METHODS } from "./vocabulary.ts";

/** Real pages come in this range, most of them near its lower end. */
const SMALLEST = 3_000;
const LARGEST = 60_000;
/** Room for one more paragraph, so that no text is larger than the largest. */
const LONGEST_PARAGRAPH = 1_500;

interface Words {
  about: string;
  subject: string;
  place: string;
  method: string;
  quality: string;
  /** A number whose meaning the sentence decides, 2 to 97. */
  number: number;
}

const SENTENCES: readonly ((words: Words) => string)[] = [
  ({ about, place, subject }) => `${about} began with a small team in ${place} and a question about ${subject}.`,
  ({ method, subject }) => `The approach combines ${method} with what operators already know about ${subject}.`,
  ({ number }) => `In the first year, ${number * 7} sites took part, and nearly all of them stayed.`,
  ({ quality }) => `Results are ${quality} enough for daily use, and the raw measurements can be downloaded.`,
  ({ place, about, quality }) => `Partners in ${place} describe ${about} as ${quality} and easy to work with.`,
  ({ number }) => `Costs fell by ${number}% within three years, most of it in the second.`,
  ({ subject, number }) =>
    `A longer comparison with earlier work on ${subject} is given in section ${1 + (number % 9)}.`,
  ({ method, subject }) => `What remains open is whether ${method} helps where data on ${subject} is scarce.`,
  ({ about, subject }) => `${about} publishes its methods, including the settings used for ${subject}.`,
  ({ subject }) => `Readers interested in ${subject} will find contact details at the end of the page.`,
];

/** The text of a web page about something: headings and paragraphs, 3,000 to 60,000 characters. */
export function pageText(title: string, about: string, theme: Theme, random: Random): string {
  const length = SMALLEST + Math.floor((LARGEST - LONGEST_PARAGRAPH - SMALLEST) * random.next() ** 3);
  const parts = [`# ${title}`];
  for (let written = title.length; written < length; ) {
    const subject = random.pick(theme.subjects);
    const heading = random.chance(0.2) ? `## On ${subject}\n\n` : "";
    const sentences = random.sample(SENTENCES, random.integer(3, 7)).map((sentence) =>
      sentence({
        about,
        subject,
        place: random.pick(theme.places),
        method: random.pick(METHODS),
        quality: random.pick(ADJECTIVES),
        number: random.integer(2, 97),
      }),
    );
    const paragraph = heading + sentences.join(" ");
    parts.push(paragraph);
    written += paragraph.length + 2;
  }
  return parts.join("\n\n");
}
