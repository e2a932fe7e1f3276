/** The files that `lint` was asked about: paths of the directory's migrations, or of others. */

import { basename, dirname, resolve } from "node:path";
import { parseFileName } from "../migration/file_name.ts";
import type { Migration } from "../migration/migration.ts";

export interface ChosenFiles {
  /** Migrations of the directory. */
  readonly inside: ReadonlySet<Migration>;
  /** Paths of other files, as they were given. */
  readonly others: readonly string[];
}

/**
 * Finds each path among the migrations of the directory.
 *
 * A path that is not there as it stands may be one of a list that git made, which begins at the root of the repository
 * and not here: the directory's own name and the file's are enough then.
 */
export function chooseFiles(
  paths: readonly string[],
  { migrations, directory }: { readonly migrations: readonly Migration[]; readonly directory: string },
): ChosenFiles {
  const byPath = new Map(migrations.map((migration) => [resolve(directory, migration.name), migration]));
  const inside = new Set<Migration>();
  const others: string[] = [];
  for (const path of paths) {
    const found = byPath.get(resolve(path));
    if (found !== undefined) inside.add(found);
    else if (!others.includes(path)) others.push(path);
  }
  return { inside, others };
}

/** The same for a list that another program has made, in which there are also files that are no migrations. */
export function chooseListed(
  paths: readonly string[],
  { migrations, directory }: { readonly migrations: readonly Migration[]; readonly directory: string },
): ChosenFiles & { readonly noMigrations: readonly string[] } {
  const noMigrations = paths.filter((path) => parseFileName(basename(path)) === null);
  const named = paths.filter((path) => !noMigrations.includes(path));
  const { inside, others } = chooseFiles(named, { migrations, directory });
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  const own = basename(resolve(directory));
  const fromRoot = (path: string) => basename(dirname(path)) === own ? byName.get(basename(path)) : undefined;
  const more = others.map(fromRoot).filter((migration) => migration !== undefined);
  return { inside: new Set([...inside, ...more]), others: others.filter((path) => !fromRoot(path)), noMigrations };
}

/** The names in a text as git or another program lists them: one a line, in quotes where git quotes it, or with NUL. */
export function listedNames(text: string): readonly string[] {
  const names = text.includes("\0") ? text.split("\0") : text.split(/\r?\n/).map(unquoted);
  return names.filter((name) => name.trim() !== "");
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  t: "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
};

/** Git writes a name with other than plain ASCII letters as a C string, its bytes in octal (core.quotePath). */
function unquoted(line: string): string {
  const inner = /^"((?:[^"\\]|\\.)*)"$/.exec(line)?.[1];
  if (inner === undefined) return line;
  const bytes = inner.split(/(\\(?:[0-3][0-7]{2}|.))/).flatMap((part): readonly number[] => {
    if (!part.startsWith("\\")) return [...new TextEncoder().encode(part)];
    const escape = part.slice(1);
    return escape.length === 3 ? [Number.parseInt(escape, 8)] : [(ESCAPES[escape] ?? escape).charCodeAt(0)];
  });
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
