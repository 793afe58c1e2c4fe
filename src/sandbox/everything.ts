import type { World } from "./world.ts";

const SECOND_MS = 1_000;

/**
 * A story in which every event type occurs, some two minutes long at speed 1: a list of suppliers is imported, a Webset is
 * made from it, enriched, exported and monitored, while another Webset is paused, canceled and deleted.
 */
export function tellEverything(world: World): void {
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
