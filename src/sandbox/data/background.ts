import type { Random } from "../random.ts";
import type { EducationHistoryEntry, Financials, Headquarters, WorkHistoryEntry } from "../resources.ts";
import type { Theme } from "./theme.ts";
import { ADJECTIVES, companyName, METHODS, POSITIONS, slug } from "./vocabulary.ts";

/** What the API knows of companies and people besides, since the spring of 2026. */

const COUNTRY_CODES: Readonly<Record<string, string>> = {
  Australia: "AU",
  Austria: "AT",
  Canada: "CA",
  Denmark: "DK",
  Estonia: "EE",
  Finland: "FI",
  France: "FR",
  Germany: "DE",
  Ireland: "IE",
  Italy: "IT",
  Japan: "JP",
  Kenya: "KE",
  Netherlands: "NL",
  Poland: "PL",
  Portugal: "PT",
  Singapore: "SG",
  Spain: "ES",
  Sweden: "SE",
  Switzerland: "CH",
  "United Kingdom": "GB",
  "United States": "US",
};

/** Of a company at a place such as `Austin, Texas, United States`. */
export function headquartersAt(place: string, random: Random): Headquarters | null {
  if (random.chance(0.1)) return null;
  const parts = place.split(", ");
  const country = parts.at(-1) ?? null;
  return {
    address: random.chance(0.6)
      ? `${random.integer(1, 240)} ${random.pick(["Mill", "Station", "Harbour"])} Street`
      : null,
    city: parts[0] ?? null,
    state: parts.length > 2 ? (parts[1] ?? null) : null,
    postalCode: random.chance(0.6) ? String(random.integer(10_000, 99_999)) : null,
    country,
    countryCode: COUNTRY_CODES[country ?? ""] ?? null,
  };
}

export function inventFinancials(foundedYear: number, random: Random): Financials | null {
  if (random.chance(0.3)) return null;
  const amount = random.integer(1, 60) * 1_000_000;
  return {
    revenueAnnual: random.chance(0.5) ? random.integer(1, 90) * 1_000_000 : null,
    fundingTotal: random.chance(0.8) ? amount + random.integer(0, 40) * 1_000_000 : null,
    fundingLatestRound: random.chance(0.7)
      ? { name: random.pick(["Seed", "Series A", "Series B", "Series C"]), date: `${foundedYear + 3}-04-01`, amount }
      : null,
  };
}

export function inventWebTraffic(random: Random) {
  if (random.chance(0.3)) return null;
  const visitsMonthly = random.integer(400, 900_000);
  return { visitsMonthly, uniqueVisitors: Math.round(visitsMonthly * random.between(0.4, 0.8)) };
}

export function inventWorkHistory(position: string, employer: string, location: string, random: Random) {
  const began = random.integer(2017, 2023);
  const now: WorkHistoryEntry = {
    title: position,
    location,
    dates: { from: `${began}-03-01`, to: null },
    company: organization(employer),
  };
  const before: WorkHistoryEntry = {
    title: random.pick(POSITIONS),
    location: random.chance(0.5) ? location : null,
    dates: random.chance(0.8) ? { from: `${began - 4}-09-01`, to: `${began}-02-01` } : null,
    company: organization(companyName(random)),
  };
  return random.chance(0.7) ? [now, before] : [now];
}

export function inventEducationHistory(city: string, random: Random): EducationHistoryEntry[] {
  if (random.chance(0.2)) return [];
  const degree = random.pick(["Bachelor of Science", "Master of Science", "Doctorate"]);
  const dates = random.chance(0.7) ? { from: "2009-09-01", to: "2013-07-01" } : null;
  return [{ degree, dates, institution: organization(`University of ${city}`) }];
}

function organization(name: string) {
  return { id: null, name, linkedinUrl: `https://profiles.example/company/${slug(name)}` };
}

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
