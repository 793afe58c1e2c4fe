/** The statuses of each resource, by Exa's OpenAPI file. Exports are in Exa's documentation only. */
export const WEBSET_STATUSES = ["idle", "pending", "running", "paused"] as const;
export const SEARCH_STATUSES = ["created", "pending", "running", "completed", "canceled"] as const;
export const ENRICHMENT_STATUSES = ["pending", "canceled", "completed"] as const;
export const IMPORT_STATUSES = ["pending", "processing", "completed", "failed"] as const;
export const MONITOR_STATUSES = ["enabled", "disabled"] as const;
export const MONITOR_RUN_STATUSES = ["created", "running", "completed", "canceled", "failed"] as const;
