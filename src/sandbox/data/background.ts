import type { Random } from "../random.ts";
import type { EducationHistoryEntry, Financials, Headquarters, WorkHistoryEntry } from "../resources.ts";
import { companyName, POSITIONS, slug } from "./vocabulary.ts";

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
