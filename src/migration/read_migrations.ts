/** From a directory to its migrations. */

import { type Failure, together } from "../errors/failure.ts";
import {
  badDirective,
  badVersion,
  duplicateVersions,
  notAFile,
  nothingToMigrate,
  notUtf8,
  nulByte,
} from "../errors/migration_files.ts";
import { MAX_PARSED_BYTES } from "../sql/parse_limit.ts";
import { placeAtIndex } from "../sql/positions.ts";
import { Checksum, checksum, piecesWithoutBom, withoutBom } from "./checksum.ts";
import { DIRECTIVE_EXAMPLES, readDirectives } from "./directives.ts";
import { MAX_VERSION, parseFileName } from "./file_name.ts";
import type { DirectoryEntry, Files } from "./files.ts";
import type { Migration } from "./migration.ts";
import { TextCheck, type TextProblem } from "./text_check.ts";

/** A larger file is not held: it is read in pieces, and once more when it is run. It is what the parser takes. */
const MAX_HELD_BYTES = MAX_PARSED_BYTES;

/** As much of a file that is not held as the comments that open it may take, its directives among them. */
const MAX_HEAD_CHARACTERS = 1024 * 1024;

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
  const named: NamedEntry[] = [];
  const ignored: string[] = [];
  for (const entry of entries) {
    const parsed = parseFileName(entry.name);
    if (parsed === null) ignored.push(entry.name);
    else named.push({ ...entry, path: pathOf(directory, entry.name), version: parsed.version });
  }
  throwProblems(nameProblems(named));

  const problems: Failure[] = [];
  const migrations: Migration[] = [];
  const misplaced: ReadMigrations["misplaced"][number][] = [];
  for (const entry of named) {
    const read = await asMigration(files, entry);
    if ("problems" in read) problems.push(...read.problems);
    else {
      migrations.push(read.migration);
      misplaced.push(...read.misplaced);
    }
  }
  throwProblems(problems);
  migrations.sort((a, b) => a.version < b.version ? -1 : 1);
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

/**
 * Reads one file that need not be in the directory nor be named like a migration.
 *
 * @param version what it is to have
 * @throws {Failure} as {@link readMigrations}
 */
export async function readFile(
  files: Files,
  { path, name, version }: { readonly path: string; readonly name: string; readonly version: bigint },
): Promise<Pick<ReadMigrations, "misplaced"> & { readonly migration: Migration }> {
  const read = await asMigration(files, { path, name, version, isFile: true });
  if (!("problems" in read)) return read;
  throw together(read.problems)!;
}

/** A path as the user would write it: `migrations/001_a.sql`. */
export function pathOf(directory: string, name: string): string {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

/** A file that is named like a migration. */
interface NamedEntry extends DirectoryEntry {
  readonly path: string;
  readonly version: bigint;
}

function nameProblems(entries: readonly NamedEntry[]): Failure[] {
  const problems: Failure[] = [];
  const byVersion = new Map<bigint, string[]>();
  for (const { path, version, isFile } of entries) {
    if (!isFile) problems.push(notAFile(path));
    if (version < 1n || version > MAX_VERSION) problems.push(badVersion(path));
    byVersion.set(version, [...byVersion.get(version) ?? [], path]);
  }
  for (const [version, paths] of byVersion) {
    if (paths.length > 1) problems.push(duplicateVersions(version, paths));
  }
  return problems;
}

type Read = { readonly migration: Migration; readonly misplaced: ReadMigrations["misplaced"] };

/** What a file is, as far as it was looked at. */
interface Content {
  readonly checksum: string;
  /** As {@link Migration.text}. */
  readonly text: string | null;
  /** The text, or the start of it. */
  readonly head: string;
}

async function asMigration(
  files: Files,
  { path, name, version }: NamedEntry,
): Promise<Read | { readonly problems: Failure[] }> {
  const bytes = await files.read(path, MAX_HELD_BYTES);
  const content = bytes === null ? await streamedContent(files, path) : heldContent(bytes);
  if ("kind" in content) {
    return { problems: [content.kind === "nul-byte" ? nulByte(path, content.offset) : notUtf8(path, content.offset)] };
  }
  const { checksum, text, head } = content;
  const { directives, problems } = readDirectives(head);
  const wrong: Failure[] = [];
  const misplaced: ReadMigrations["misplaced"][number][] = [];
  for (const { index, comment, reason, hint } of problems) {
    const place = { file: path, ...placeAtIndex(head, index) };
    if (reason === "misplaced") misplaced.push({ file: path, comment, line: place.line });
    else wrong.push(badDirective({ comment, reason, hint, known: DIRECTIVE_EXAMPLES, place }));
  }
  if (wrong.length > 0) return { problems: wrong };
  return { migration: { version, name, path, checksum, text, directives }, misplaced };
}

const STRICT_DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function heldContent(bytes: Uint8Array): Content | TextProblem {
  const check = () => {
    const check = new TextCheck();
    check.update(bytes);
    check.end();
    return check.problem!;
  };
  if (bytes.includes(0)) return check();
  try {
    const text = STRICT_DECODER.decode(withoutBom(bytes));
    return { checksum: checksum(bytes), text, head: text };
  } catch {
    return check();
  }
}

/** Reads a large file to its end, and keeps no more of it than the comments that open it may be long. */
async function streamedContent(files: Files, path: string): Promise<Content | TextProblem> {
  const hash = new Checksum();
  const check = new TextCheck();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let head = "";
  for await (const bytes of piecesWithoutBom(checked(files.stream(path), check))) {
    hash.update(bytes);
    if (head.length < MAX_HEAD_CHARACTERS) head += decoder.decode(bytes, { stream: true });
  }
  return check.problem ?? { checksum: hash.digest(), text: null, head };
}

async function* checked(pieces: AsyncIterable<Uint8Array>, check: TextCheck): AsyncGenerator<Uint8Array> {
  for await (const bytes of pieces) {
    check.update(bytes);
    yield bytes;
  }
  check.end();
}

function throwProblems(problems: readonly Failure[]): void {
  const failure = together(problems);
  if (failure !== null) throw failure;
}
