import type { WebsetParameters } from "./bodies.ts";
import type { World } from "./world.ts";

/** A state of the world to begin with. */
export interface Scenario {
  name: string;
  /** One line for `--help`. */
  description: string;
  begin(world: World): void;
}

/** What a newcomer sees first: at speed 1 it takes about 90 seconds to its end. */
export const DEMO_WEBSET: WebsetParameters = {
  title: "European companies building warehouse robots",
  search: {
    query:
      "European companies that build robots for warehouses, founded after 2015, with customers in at least two countries",
    count: 50,
    entity: { type: "company" },
    criteria: [
      { description: "Builds robots or robot software for warehouses" },
      { description: "Headquartered in Europe and founded after 2015" },
      { description: "Has customers in at least two countries" },
    ],
  },
  enrichments: [
    { description: "Year and month the company was founded", format: "date" },
    { description: "Contact email for sales", format: "email" },
  ],
  metadata: { scenario: "demo" },
};

/** The same under a name that one can know beforehand, as ids cannot be: with --sandbox each command begins a world of its own. */
const DEMO: WebsetParameters = { ...DEMO_WEBSET, externalId: "demo" };

const OTHERS: readonly WebsetParameters[] = [
  {
    externalId: "engineers",
    search: { query: "Machine learning engineers in Canada who have worked on medical imaging", count: 20 },
    enrichments: [{ description: "Current employer's website", format: "url" }],
  },
  {
    externalId: "groundwater",
    search: { query: "Research papers on groundwater mapping from satellite data, published since 2022", count: 30 },
    enrichments: [
      {
        description: "Kind of study",
        format: "options",
        options: [{ label: "Field" }, { label: "Model" }, { label: "Review" }],
      },
    ],
  },
  {
    externalId: "recycling",
    search: { query: "News articles about battery recycling plants that opened this year", count: 15, recall: true },
  },
  {
    externalId: "agencies",
    search: { query: "Marketing agencies in the United States that focus on consumer products", count: 25 },
    enrichments: [
      { description: "Number of employees", format: "number" },
      { description: "Phone number of the head office", format: "phone" },
      { description: "What the agency is best known for", format: "text" },
    ],
  },
];

const BURST = 40;
const MINUTE_MS = 60_000;

/** Every scenario, in the order in which help shows them. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "demo",
    description: "one Webset with 50 items and 2 enrichments, about 90 seconds to its end at speed 1",
    begin: (world) => void world.createWebset(DEMO),
  },
  { name: "quiet", description: "nothing at all, until somebody creates a Webset", begin: () => {} },
  {
    name: "busy",
    description: "five Websets of different kinds, begun up to 40 seconds ago and still running",
    begin(world) {
      for (const [index, webset] of [DEMO, ...OTHERS].entries()) {
        world.past((4 - index) * 10_000, () => world.createWebset(webset));
      }
    },
  },
  {
    name: "burst",
    description: `${BURST} Websets with 10 items each, all begun at once`,
    begin(world) {
      for (let number = 1; number <= BURST; number++) {
        const query = `Suppliers of cold chain monitoring, region ${number}`;
        world.createWebset({ search: { query, count: 10 }, externalId: `burst-${number}` });
      }
    },
  },
  {
    name: "queued",
    description: "two Websets that run, and one that waits in the account's queue until it is resumed",
    begin(world) {
      for (const webset of OTHERS.slice(0, 2)) world.createWebset(webset);
      world.queueWebset(world.createWebset(DEMO).id);
    },
  },
  {
    name: "paused",
    description: "one Webset that was paused 30 seconds into its search",
    begin(world) {
      const { id } = world.past(30_000, () => world.createWebset(DEMO));
      world.pauseWebset(id);
    },
  },
  {
    name: "canceled",
    description: "one Webset that was canceled 30 seconds into its search",
    begin(world) {
      const { id } = world.past(30_000, () => world.createWebset(DEMO));
      world.cancelWebset(id);
    },
  },
  {
    name: "finished",
    description: "one Webset that was completed some minutes ago",
    begin: (world) => void world.past(10 * MINUTE_MS, () => world.createWebset(DEMO)),
  },
  {
    name: "exports",
    description: "one completed Webset with a finished export and one that is being made",
    begin(world) {
      const { id } = world.past(10 * MINUTE_MS, () => world.createWebset(DEMO));
      world.past(MINUTE_MS, () => world.createExport(id, { format: "csv" }));
      world.createExport(id, { format: "json" });
    },
  },
  {
    name: "everything",
    description: "a story in which every event type occurs, about two minutes long at speed 1",
    begin: tellEverything,
  },
];

export function findScenario(name: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.name === name);
}

const SECOND_MS = 1_000;

/**
 * A story in which every event type occurs, some two minutes long at speed 1: a list of suppliers is imported, a Webset is
 * made from it, enriched, exported and monitored, while another Webset is paused, canceled and deleted.
 */
function tellEverything(world: World): void {
  const at = (seconds: number, action: () => void) => world.later(seconds * SECOND_MS, action);
  const entity = { type: "company" } as const;
  const list = world.imports.create({ format: "csv", size: 1_840, count: 25, entity, title: "Known suppliers" });

  at(1, () => {
    world.imports.create({
      format: "csv",
      size: 310,
      count: 6,
      entity,
      title: "Trade fair contacts",
      metadata: { sandboxOutcome: "missing_identifier" },
    });
  });
  at(13, () => {
    const { id } = world.createWebset({
      title: "Suppliers of grippers in Europe",
      externalId: "grippers",
      import: [{ source: "import", id: list.id }],
      search: { query: "European companies that make grippers for industrial robots", count: 10, entity },
      enrichments: [
        { description: "Contact email for sales", format: "email" },
        { description: "Number of employees", format: "number" },
      ],
      metadata: { scenario: "everything" },
    });
    // By then the search and its enrichments are over.
    at(47, () => world.createExport(id, { format: "csv" }));
    at(52, () => watch(world, id));
  });
  at(10, () => {
    const { id, searches } = world.createWebset({
      title: "Robotics start-ups in Asia",
      externalId: "start-ups",
      search: { query: "Companies in Asia that build robots for kitchens", count: 40, entity },
      metadata: { scenario: "everything" },
    });
    at(10, () => world.pauseWebset(id));
    at(18, () => world.resumeWebset(id));
    at(26, () => world.cancelSearch(id, searches[0]?.id ?? ""));
    at(104, () => world.deleteWebset(id));
  });
}

/** The life of a monitor, from its creation to its end in 45 seconds: one run that succeeds, and one that fails. */
function watch(world: World, websetId: string): void {
  const at = (seconds: number, action: () => void) => world.later(seconds * SECOND_MS, action);
  const { id } = world.monitors.create({
    websetId,
    cadence: { cron: "0 9 * * *", timezone: "Europe/Berlin" },
    behavior: { type: "search", config: { count: 3, behavior: "append" } },
    metadata: { scenario: "everything" },
  });
  at(3, () => {
    world.monitors.update(id, { cadence: { cron: "30 7 * * 4", timezone: "Europe/Berlin" } });
  });
  at(5, () => world.monitors.trigger(id));
  at(36, () => world.monitors.trigger(id, "failed"));
  at(45, () => world.monitors.delete(id));
}
