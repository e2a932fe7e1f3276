/** From a directory to its migrations. */

import {
  badDirective,
  badVersion,
  duplicateVersions,
  type Failure,
  notAFile,
  nothingToMigrate,
  notUtf8,
  nulByte,
  together,
} from "../errors.ts";
import { placeAtIndex } from "../sql/positions.ts";
import { checksum, withoutBom } from "./checksum.ts";
import { DIRECTIVE_KEYS, readDirectives } from "./directives.ts";
import { MAX_VERSION, parseFileName } from "./file_name.ts";
import type { DirectoryEntry, Files } from "./files.ts";
import type { Migration } from "./migration.ts";

export interface ReadMigrations {
  /** In order of their versions as numbers. */
  readonly migrations: readonly Migration[];
  /** Names in the directory that are not those of migrations. */
  readonly ignored: readonly string[];
  /** Comments that look like directives and count for nothing. */
  readonly misplaced: readonly { readonly file: string; readonly comment: string; readonly line: number }[];
}

/**
 * Reads every migration of a directory.
 *
 * @throws {Failure} with exit code 2 for anything in the directory that could make a run mean something else than the
 * files say: two files with one version, a version of 0 or past 2^63-1, a file that is no UTF-8 or holds a NUL byte, an
 * unknown directive. All of them are listed, not the first.
 */
export async function readMigrations(files: Files, directory: string): Promise<ReadMigrations> {
  const entries = [...await files.list(directory)].sort((a, b) => a.name < b.name ? -1 : 1);
  const named = entries.filter((entry) => parseFileName(entry.name) !== null);
  throwProblems(nameProblems(directory, named));

  const problems: Failure[] = [];
  const migrations: Migration[] = [];
  const misplaced: ReadMigrations["misplaced"][number][] = [];
  for (const { name } of named) {
    const read = asMigration(directory, name, await files.read(pathOf(directory, name)));
    if ("problems" in read) problems.push(...read.problems);
    else {
      migrations.push(read.migration);
      misplaced.push(...read.misplaced);
    }
  }
  throwProblems(problems);
  migrations.sort((a, b) => a.version < b.version ? -1 : 1);
  const ignored = entries.filter((entry) => parseFileName(entry.name) === null).map((entry) => entry.name);
  return { migrations, ignored, misplaced };
}

/**
 * The same, for a command that changes the database: a directory without migrations is an error there, since a wrong
 * path must not pass for success.
 *
 * @throws {Failure} as {@link readMigrations}, and `no-migrations`
 */
export async function readMigrationsToRun(files: Files, directory: string): Promise<ReadMigrations> {
  const read = await readMigrations(files, directory);
  if (read.migrations.length === 0) throw nothingToMigrate(directory, read.ignored);
  return read;
}

/** A path as the user would write it: `migrations/001_a.sql`. */
export function pathOf(directory: string, name: string): string {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

function nameProblems(directory: string, entries: readonly DirectoryEntry[]): Failure[] {
  const problems: Failure[] = [];
  const byVersion = new Map<bigint, string[]>();
  for (const { name, isFile } of entries) {
    const { version } = parseFileName(name)!;
    if (!isFile) problems.push(notAFile(pathOf(directory, name)));
    if (version < 1n || version > MAX_VERSION) problems.push(badVersion(pathOf(directory, name)));
    byVersion.set(version, [...byVersion.get(version) ?? [], pathOf(directory, name)]);
  }
  for (const [version, paths] of byVersion) {
    if (paths.length > 1) problems.push(duplicateVersions(version, paths));
  }
  return problems;
}

type Read = { readonly migration: Migration; readonly misplaced: ReadMigrations["misplaced"] };

function asMigration(directory: string, name: string, bytes: Uint8Array): Read | { readonly problems: Failure[] } {
  const path = pathOf(directory, name);
  const nul = bytes.indexOf(0);
  if (nul !== -1) return { problems: [nulByte(path, nul)] };
  const content = withoutBom(bytes);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return { problems: [notUtf8(path, bytes.length - content.length + firstInvalidByte(content))] };
  }
  const { directives, problems } = readDirectives(text);
  const wrong: Failure[] = [];
  const misplaced: ReadMigrations["misplaced"][number][] = [];
  for (const { index, comment, reason } of problems) {
    const place = { file: path, ...placeAtIndex(text, index) };
    if (reason === "misplaced") misplaced.push({ file: path, comment, line: place.line });
    else wrong.push(badDirective({ comment, reason, known: DIRECTIVE_KEYS, place }));
  }
  if (wrong.length > 0) return { problems: wrong };
  const { version } = parseFileName(name)!;
  return { migration: { version, name, path, checksum: checksum(bytes), text, directives }, misplaced };
}

/** The offset of the byte with which the first character that is no UTF-8 starts, found by halving. */
function firstInvalidByte(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodes(bytes.subarray(0, middle), { stream: true })) good = middle;
    else bad = middle;
  }
  // A prefix that ends inside a character still decodes as a stream: the character begins up to three bytes before.
  while (good > 0 && !decodes(bytes.subarray(0, good), { stream: false })) good--;
  return good;
}

function decodes(bytes: Uint8Array, options: TextDecodeOptions): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, options);
    return true;
  } catch {
    return false;
  }
}

function throwProblems(problems: readonly Failure[]): void {
  const failure = together(problems);
  if (failure !== null) throw failure;
}
