import { expect, test } from "vitest";
import { markedText, withMarkedText } from "../scripts/marked.ts";

test("a text takes the place between the markers of a page that have its name, and nothing else", () => {
  const page = "# Title\n\n<!-- other -->\nkept\n<!-- /other -->\n<!-- tools -->\nold\n<!-- /tools -->\n\nEnd\n";
  const changed = withMarkedText(page, "tools", "new");
  expect(changed).toBe(page.replace("old", "new"));
  expect(markedText(changed, "tools")).toBe("new");
  expect(markedText(changed, "other")).toBe("kept");
});

test("a page without markers has no such text, and takes none", () => {
  for (const page of ["no markers", "<!-- /tools --> <!-- tools -->"]) {
    expect(markedText(page, "tools")).toBeUndefined();
    expect(() => withMarkedText(page, "tools", "new")).toThrow("<!-- tools -->");
  }
});
