/** Put in by the bundler from package.json; the sources run without it. */
declare const __VERSION__: string | undefined;

export const VERSION: string = typeof __VERSION__ === "string" ? __VERSION__ : "0.0.0-source";
