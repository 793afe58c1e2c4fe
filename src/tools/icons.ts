/** An icon as MCP takes it. The picture is in the address itself: a host that shows it asks nobody for it. */
export interface Icon {
  src: string;
  mimeType: string;
  sizes: string[];
}

/** Of the server, as in assets/icon.svg. */
export const SERVER_ICON = icon(
  64,
  '<rect width="64" height="64" rx="14" fill="#12264a"/><path d="M9 38h11l7-20 9 30 6-16h5" fill="none" stroke="#fff" stroke-width="4.5" stroke-linecap="round" stroke-linejoin="round"/><circle cx="53" cy="32" r="5" fill="#ffb02e"/>',
);

/** Of tools, by what their names begin with: a clock, lines, and a lens. The colour is seen on light and dark. */
const TOOL_ICONS: Readonly<Record<string, Icon>> = {
  wait: line("M8 2a6 6 0 1 0 .1 0zM8 5v3l2 2"),
  list: line("M3 4h10M3 8h10M3 12h6"),
  get: line("M7 3a4 4 0 1 0 .1 0zM10 10l4 4"),
};

/** The icon of a tool, by the verb that its name begins with; undefined for a verb without one. */
export function toolIcon(name: string): Icon | undefined {
  return TOOL_ICONS[name.split("_", 1)[0] ?? ""];
}

function line(path: string): Icon {
  return icon(16, `<path d="${path}" fill="none" stroke="#3b7ddd"/>`);
}

function icon(size: number, shapes: string): Icon {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}">${shapes}</svg>`;
  return { src: `data:image/svg+xml;base64,${btoa(svg)}`, mimeType: "image/svg+xml", sizes: ["any"] };
}
