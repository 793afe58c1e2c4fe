import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { expect } from "vitest";

/** What a tool answered with; which of the two it is has been checked. */
export interface ToolResult {
  /** The error's text; undefined for a result. */
  error: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: what a result holds is what the tests are about.
  value: any;
}

const ajv = new Ajv2020({ allErrors: true });
/** By the schema's text: compiling takes longer than most tests, and the schemas of all of them are the same. */
const compiled = new Map<string, ValidateFunction>();

function validatorOf(schema: object | boolean): ValidateFunction {
  const text = JSON.stringify(schema);
  const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text));
  compiled.set(text, validate);
  return validate;
}

/** Holds every result to what tools/list promised. */
export class Results {
  readonly #validate: ReadonlyMap<string, ValidateFunction>;

  constructor(tools: readonly { name: string; outputSchema?: object | undefined }[]) {
    this.#validate = new Map(tools.map(({ name, outputSchema }) => [name, validatorOf(outputSchema ?? false)]));
  }

  /** One text that says the same as the structured content, which the tool's schema allows; or one text that is an error. */
  check(tool: string, given: unknown): ToolResult {
    const result = given as {
      content: { type: string; text: string }[];
      structuredContent?: object;
      isError?: boolean;
    };
    expect(result.content.map(({ type }) => type)).toEqual(["text"]);
    const text = result.content[0]?.text ?? "";
    if (result.isError) {
      expect(result.structuredContent).toBeUndefined();
      expect(text).toMatch(/^[a-z_]+: \S/);
      return { error: text, value: undefined };
    }
    expect(text).toBe(JSON.stringify(result.structuredContent));
    const validate = this.#validate.get(tool);
    if (validate === undefined) throw new Error(`${tool} is not among the tools that were listed`);
    expect(validate(result.structuredContent), JSON.stringify(validate.errors)).toBe(true);
    return { error: undefined, value: result.structuredContent };
  }
}
