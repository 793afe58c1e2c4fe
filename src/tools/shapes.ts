import * as z from "zod/v4";

/*
 * The shapes tools answer with. What a model reads of a tool is its input; clients validate results against these, so they
 * name the top fields exactly and leave nested objects open.
 */

const open = z.looseObject({});

export const event = z.looseObject({
  id: z.string(),
  type: z.string(),
  createdAt: z.string(),
  websetId: z.string().optional(),
  resource: open,
  summary: z.string(),
});

export const progress = z.looseObject({
  websetId: z.string(),
  status: z.string(),
  found: z.number().nullable(),
  searches: z.array(open),
  enrichments: z.array(open),
  imports: z.array(open),
  monitors: z.array(open),
  updatedAt: z.string().nullable(),
  summary: z.string(),
});

export const now = z.string();
export const cursor = z.string();
export const nextPage = z.string().nullable();
export const waitedSeconds = z.number();
export const next = z.string().optional();
export const warning = z.string().optional();
export const note = z.string().optional();
