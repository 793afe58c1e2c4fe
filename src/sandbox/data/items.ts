import { DAY_MS } from "../../shared/clock.ts";
import type { Random } from "../random.ts";
import type { Entity, Evaluation, ItemProperties, Reference } from "../resources.ts";
import {
  headquartersAt,
  inventEducationHistory,
  inventFinancials,
  inventWebTraffic,
  inventWorkHistory,
  pageText,
} from "./background.ts";
import { industryOf, type Theme } from "./theme.ts";
import { ADJECTIVES, companyName, host, METHODS, OUTLETS, POSITIONS, personName, slug } from "./vocabulary.ts";

/** An invented page, profile or publication of the kind a search looks for. `today` is in milliseconds since 1970. */
export function inventItem(entity: Entity, theme: Theme, random: Random, today: number): ItemProperties {
  switch (entity.type) {
    case "company":
      return company(theme, random);
    case "person":
      return person(theme, random);
    case "article":
      return article(theme, random, today);
    case "research_paper":
      return researchPaper(theme, random, today);
    case "custom":
      return custom(entity.description, theme, random, today);
  }
}

/** What an item is called, for reasoning and references. */
export function nameOf(properties: ItemProperties): string {
  switch (properties.type) {
    case "company":
      return properties.company.name;
    case "person":
      return properties.person.name;
    case "article":
      return properties.article.title ?? properties.url;
    case "research_paper":
      return properties.researchPaper.title ?? properties.url;
    case "custom":
      return properties.custom.title ?? properties.url;
  }
}

/** As recorded: some locations read "undefined, Finland". */
const CITYLESS_CHANCE = 0.04;

function company(theme: Theme, random: Random): ItemProperties {
  const name = companyName(random);
  const subject = random.pick(theme.subjects);
  const industry = industryOf(subject);
  const place = random.pick(theme.places);
  const more = random.fork("background");
  const foundedYear = more.integer(2001, 2024);
  const about = `${name} builds ${random.pick(ADJECTIVES)} tools for ${subject}.`;
  return {
    type: "company",
    url: `https://www.${host(name)}/`,
    description: `${about} It works in ${industry.toLowerCase()}.`,
    content: pageText(name, name, theme, random),
    company: {
      name,
      location: more.chance(CITYLESS_CHANCE) ? place.replace(/^[^,]+/, "undefined") : place,
      employees: random.chance(0.9) ? random.integer(8, 480) : null,
      industry,
      about,
      logoUrl: random.chance(0.8) ? `https://www.${host(name)}/logo.png` : null,
      foundedYear: more.chance(0.9) ? foundedYear : null,
      headquarters: headquartersAt(place, more),
      financials: inventFinancials(foundedYear, more),
      webTraffic: inventWebTraffic(more),
    },
  };
}

function person(theme: Theme, random: Random): ItemProperties {
  const name = personName(random);
  const employer = companyName(random);
  const position = random.pick(POSITIONS);
  const location = random.pick(theme.places);
  const more = random.fork("background");
  return {
    type: "person",
    url: `https://profiles.example/in/${slug(name)}-${random.integer(1_000, 99_999)}`,
    description: `${name} is ${position} at ${employer}, with a background in ${random.pick(theme.subjects)}.`,
    person: {
      name,
      location,
      position,
      company: random.chance(0.95) ? { name: employer, location: random.chance(0.7) ? location : null } : null,
      pictureUrl: random.chance(0.6) ? `https://profiles.example/pictures/${slug(name)}.jpg` : null,
      workHistory: inventWorkHistory(position, employer, location, more),
      educationHistory: inventEducationHistory(location.split(", ")[0] ?? location, more),
    },
  };
}

function article(theme: Theme, random: Random, today: number): ItemProperties {
  const subject = random.pick(theme.subjects);
  const title = `How ${companyName(random)} made ${subject} ${random.pick(ADJECTIVES)}`;
  const outlet = random.pick(OUTLETS);
  return {
    type: "article",
    url: `https://${host(outlet)}/${slug(title)}`,
    description: `A report in ${outlet} on ${subject}.`,
    content: pageText(title, outlet, theme, random),
    article: { title, author: random.chance(0.9) ? personName(random) : null, publishedAt: before(today, random) },
  };
}

function researchPaper(theme: Theme, random: Random, today: number): ItemProperties {
  const subject = random.pick(theme.subjects);
  const method = random.pick(METHODS);
  const title = `${capitalized(random.pick(ADJECTIVES))} ${subject} with ${method}`;
  const authors = Array.from({ length: random.integer(1, 4) }, () => personName(random));
  return {
    type: "research_paper",
    url: `https://preprints.example/abs/${random.integer(18, 25)}${random.integer(10, 12)}.${random.integer(10_000, 99_999)}`,
    description: `The paper applies ${method} to ${subject}.`,
    content: pageText(title, "This work", theme, random),
    researchPaper: { title, author: authors.join(", "), publishedAt: before(today, random) },
  };
}

function custom(description: string, theme: Theme, random: Random, today: number): ItemProperties {
  const title = `${companyName(random)}: ${description}`;
  return {
    type: "custom",
    url: `https://directory.example/${slug(title).slice(0, 80)}-${random.integer(100, 9_999)}`,
    description: `A page about ${random.pick(theme.subjects)}, found as ${description}.`,
    content: pageText(title, description, theme, random),
    custom: { title, author: random.chance(0.5) ? personName(random) : null, publishedAt: before(today, random) },
  };
}

/** A day of the three years before `today`. */
function before(today: number, random: Random): string {
  const days = random.integer(2, 1_100);
  return `${new Date(today - days * DAY_MS).toISOString().slice(0, 10)}T00:00:00.000Z`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The reasoning that let an item pass: every criterion satisfied, each with its references. */
export function inventEvaluations(
  criteria: readonly string[],
  properties: ItemProperties,
  random: Random,
): Evaluation[] {
  const name = nameOf(properties);
  return criteria.map((criterion) => ({
    criterion,
    reasoning: random.pick([
      `${name} states this on its own page, and nothing found elsewhere speaks against it.`,
      `The page describes ${name} in terms that meet the criterion; two passages confirm it.`,
      `According to the profile of ${name}, the criterion is met.`,
    ]),
    satisfied: "yes",
    references: Array.from({ length: random.integer(10, 13) }, () => inventReferences(properties, random)).flat(),
  }));
}

export function inventReferences(properties: ItemProperties, random: Random): Reference[] {
  const own: Reference = { title: nameOf(properties), snippet: properties.description, url: properties.url };
  if (random.chance(0.6)) return [own];
  const listing: Reference = {
    title: random.chance(0.8) ? `${nameOf(properties)} in the public register` : null,
    snippet: random.chance(0.8) ? `Entry ${random.integer(1_000, 99_999)}, last checked this year.` : null,
    url: `https://register.example/entries/${random.integer(1_000, 99_999)}`,
  };
  return [own, listing];
}
