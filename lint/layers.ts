/** The layers of `src`, and what each may import: always downwards, so that no two modules import each other. */

/** A folder or file of `src` to the folders and files that it may import; its own folder always. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  main: ["cli", "errors"],
  mod: ["run", "database", "history", "migration", "events", "errors"],
  cli: ["run", "lint", "output", "database", "history", "migration", "sql", "events", "errors"],
  run: ["lint", "impact", "catalog", "database", "history", "migration", "sql", "events", "errors"],
  lint: ["impact", "catalog", "migration", "sql", "events", "errors"],
  output: ["events", "errors"],
  database: ["catalog", "history", "migration", "sql", "events", "errors"],
  history: ["migration", "sql", "events", "errors"],
  migration: ["sql", "events", "errors"],
  impact: ["catalog", "sql"],
  catalog: ["sql"],
  sql: ["events", "errors"],
  events: ["errors"],
  errors: [],
};

/** The layer of a file, by its path; null for what is outside `main.ts` and `src`, and for tests. */
export function layerOf(path: string): string | null {
  const name = path.replaceAll("\\", "/");
  if (name.endsWith("_test.ts")) return null;
  const inside = /.*\/src\/([^/]+?)(?:\.ts)?(?:\/|$)/.exec(name)?.[1];
  if (inside !== undefined && Object.hasOwn(LAYERS, inside)) return inside;
  return /(^|\/)main\.ts$/.test(name) ? "main" : null;
}

/** The layer that a relative import leads to; null for what is outside `src`. */
export function importedLayer(path: string, specifier: string): string | null {
  if (!specifier.startsWith(".")) return null;
  // The path stands in for a URL; its host keeps `..` from going further.
  const { pathname } = new URL(specifier, `file:///${path.replaceAll("\\", "/").replace(/^\//, "")}`);
  return layerOf(decodeURIComponent(pathname));
}
