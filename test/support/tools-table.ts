/** A tool as far as a reader of the README wants to know it; `tools/list` gives more. */
export interface TableTool {
  name: string;
  description?: string | undefined;
  inputSchema: { properties?: object | undefined; required?: readonly string[] | undefined };
}

/** The tools as a table in Markdown: the first sentence of each description, and the parameters, optional ones marked. */
export function toolsTable(tools: readonly TableTool[]): string {
  const rows = tools.map(({ name, description = "", inputSchema: { properties = {}, required = [] } }) => {
    const [first = ""] = description.split(/(?<=\.) (?=[A-Z])/);
    const parameters = Object.keys(properties).map((key) => `\`${key}${required.includes(key) ? "" : "?"}\``);
    return `| \`${name}\` | ${cell(first.replace(/\.$/, ""))} | ${parameters.join(", ")} |`;
  });
  return ["| tool | what it does | parameters |", "| --- | --- | --- |", ...rows].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
