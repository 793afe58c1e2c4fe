/** A tool as far as a reader of the README wants to know it; `tools/list` gives more. */
export interface TableTool {
  name: string;
  description?: string | undefined;
  inputSchema: { properties?: object | undefined; required?: readonly string[] | undefined };
}

const BEGIN = "<!-- tools -->";
const END = "<!-- /tools -->";

/** The tools as a table in Markdown: the first sentence of each description, and the parameters, optional ones marked. */
export function toolsTable(tools: readonly TableTool[]): string {
  const rows = tools.map(({ name, description = "", inputSchema: { properties = {}, required = [] } }) => {
    const [first = ""] = description.split(/(?<=\.) (?=[A-Z])/);
    const parameters = Object.keys(properties).map((key) => `\`${key}${required.includes(key) ? "" : "?"}\``);
    return `| \`${name}\` | ${cell(first.replace(/\.$/, ""))} | ${parameters.join(", ")} |`;
  });
  return ["| tool | what it does | parameters |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The text between the two markers of a page; undefined where it has none. */
export function tableIn(page: string): string | undefined {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  return begin === -1 || end < begin ? undefined : page.slice(begin + BEGIN.length, end).trim();
}

/** The page with another text between its markers. */
export function withTable(page: string, table: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`The page has no ${BEGIN} with an ${END} after it`);
  return `${page.slice(0, begin + BEGIN.length)}\n${table}\n${page.slice(end)}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
