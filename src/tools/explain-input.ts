import type * as z from "zod/v4";
import { WebsetsError } from "../shared/errors.ts";
import type { Tool } from "./define.ts";

/** What is wrong with the arguments of a call, in words that name each parameter. */
export function explainInput(tool: Tool, error: z.ZodError): WebsetsError {
  const wrong = error.issues.map(explainIssue);
  return new WebsetsError("invalid_request", {
    what: `${wrong.join("; ")}`,
    advice: `${tool.name} takes ${Object.keys(tool.input.shape).join(", ")}.`,
  });
}

function explainIssue(issue: z.core.$ZodIssue): string {
  const name = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const many = issue.keys.length > 1;
    const names = issue.keys.map((key) => JSON.stringify(key.slice(0, 60))).join(", ");
    return `There ${many ? "are no parameters" : "is no parameter"} ${names}`;
  }
  // zod says in a message that nothing was given only by naming what it received.
  const missing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  if (missing) return `The parameter ${name} is missing`;
  return name === "" ? `The arguments: ${issue.message}` : `The parameter ${name}: ${issue.message}`;
}
