import type { Random } from "../random.ts";

/** The words that the sandbox's data is made of. Everything is invented; names of real companies or people are accidents. */

const COMPANY_STEMS = phrases(`
  Alder | Amber | Ash | Basalt | Birch | Bright | Cedar | Cinder | Clear | Cobalt | Copper | Coral | Drift | Elm |
  Ember | Fathom | Fern | Flint | Frost | Garnet | Glass | Granite | Harrow | Hazel | Heron | Indigo | Juniper |
  Kestrel | Lark | Linden | Lumen | Maple | Marrow | Mica | North | Ochre | Onyx | Otter | Pine | Quarry | Quill |
  Raven | Reed | Ridge | Rowan | Sable | Sage | Silver | Slate | Spruce | Tarn | Thistle | Umber | Vale | Verdant |
  Willow | Wren | Yarrow
`);

const COMPANY_TAILS = phrases(`
  bridge | brook | crest | field | ford | forge | gate | grove | haven | hill | lane | line | loop | mark | mill |
  moor | path | point | port | reach | shore | span | stead | stone | track | vale | ward | water | way | works
`);

const COMPANY_KINDS = phrases(`
  Analytics | Bio | Capital | Cloud | Dynamics | Energy | Foods | Freight | Health | Industries | Instruments |
  Labs | Logistics | Materials | Mobility | Networks | Robotics | Security | Studio | Systems
`);

export const PLACES = phrases(`
  Amsterdam, Netherlands | Austin, Texas, United States | Barcelona, Spain | Berlin, Germany |
  Boston, Massachusetts, United States | Copenhagen, Denmark | Dublin, Ireland | Helsinki, Finland |
  Lisbon, Portugal | London, United Kingdom | Lyon, France | Melbourne, Australia | Montreal, Canada |
  Munich, Germany | Nairobi, Kenya | Osaka, Japan | San Francisco, California, United States | Singapore |
  Stockholm, Sweden | Tallinn, Estonia | Toronto, Canada | Vienna, Austria | Warsaw, Poland | Zurich, Switzerland
`);

const FIRST_NAMES = phrases(`
  Adaeze | Alina | Amir | Anneke | Aurelio | Beatriz | Bram | Camille | Chidi | Daria | Desmond | Edda | Elif |
  Emre | Farah | Felix | Gita | Hana | Henrik | Ifeoma | Imre | Ines | Jarek | Jun | Kaveh | Keiko | Lale | Leif |
  Liv | Malik | Mara | Matteo | Nadia | Noor | Oskar | Paloma | Priya | Quentin | Rafaela | Ravi | Renske |
  Saoirse | Selim | Sunniva | Tamsin | Teodor | Uma | Viktor | Wanjiru | Yara | Yusuf | Zofia
`);

const LAST_NAMES = phrases(`
  Abernethy | Adeyemi | Almquist | Anselm | Banerjee | Barros | Bergstrand | Brandvold | Castellane | Cheng |
  Dahlgaard | Delacroix | Demirci | Eriksrud | Faraday | Fontaine | Garvey | Grunwald | Halloran | Haverkamp |
  Ishikawa | Jankowiak | Kariuki | Kastner | Kovalenko | Lindqvist | Lorimer | Mbeki-Olsen | Marchetti | Mikkelsen |
  Nakagawa | Novotny | Okonkwo | Oyelaran | Pellegrin | Petrossian | Quintero | Rademaker | Rasmusson | Sandoval |
  Schellenberg | Shirazi | Sorensen-Vale | Takahara | Thackeray | Ueland | Vasquez | Verhoeven | Wachira |
  Westergaard | Yamaguchi | Zelenko
`);

export const POSITIONS = phrases(`
  Chief Executive Officer | Chief Technology Officer | Co-founder | Data Engineer | Director of Operations |
  Head of Growth | Head of Product | Lead Researcher | Machine Learning Engineer | Principal Engineer |
  Product Manager | Research Scientist | Sales Director | Staff Software Engineer | VP of Engineering
`);

/** What all this is about, each with the industry it belongs to. */
export const SUBJECTS = {
  "battery recycling": "Climate and Energy",
  "brand design": "Marketing Services",
  "cell culture media": "Biotechnology",
  "clinical trial design": "Digital Health",
  "cold chain monitoring": "Logistics",
  "consumer product launches": "Marketing Services",
  "crop disease detection": "Agricultural Technology",
  "district heating": "Climate and Energy",
  "document retrieval": "Software Development",
  "fraud detection": "Financial Services",
  "grid balancing": "Climate and Energy",
  "groundwater mapping": "Water Technology",
  "industrial inspection": "Industrial Automation",
  "language model evaluation": "Software Development",
  "last-mile delivery": "Logistics",
  "medical imaging": "Medical Devices",
  "perovskite cells": "Materials Science",
  "protein folding": "Biotechnology",
  "public transport planning": "Mobility",
  "speech recognition": "Software Development",
  "supply chain forecasting": "Logistics",
  "vulnerability management": "Cybersecurity",
  "warehouse picking": "Robotics",
  "warehouse robot fleets": "Robotics",
} as const;

export type Subject = keyof typeof SUBJECTS;
export const METHODS = phrases(`
  Bayesian optimization | causal inference | contrastive learning | diffusion models | federated training |
  graph networks | inverse design | low-rank adaptation | multi-agent simulation | sparse attention |
  spectral analysis | synthetic controls | transfer learning | weak supervision
`);

export const ADJECTIVES = phrases(`
  affordable | auditable | compact | dependable | efficient | explainable | low-power | modular | open | practical |
  privacy-preserving | real-time | resilient | robust | scalable | transparent
`);

export const OUTLETS = phrases(`
  Harbour Ledger | The Field Bulletin | Northern Dispatch | Quarterly Signal | Trade Compass
`);

/** Texts separated by bars: a list of them would take a line each. */
function phrases(text: string): readonly [string, ...string[]] {
  const [first = "", ...others] = text.split("|").map((phrase) => phrase.replace(/\s+/g, " ").trim());
  return [first, ...others];
}

export function companyName(random: Random): string {
  return `${random.pick(COMPANY_STEMS)}${random.pick(COMPANY_TAILS)} ${random.pick(COMPANY_KINDS)}`;
}

export function personName(random: Random): string {
  return `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`;
}

/** A name as it stands in URLs and mail addresses: `Northvale Labs` becomes `northvale-labs`. */
export function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

/** A host under `.example`, which RFC 2606 reserves: it never leads anywhere. */
export function host(name: string): string {
  return `${slug(name)}.example`;
}
