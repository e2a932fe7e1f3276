/** What `check` compares the files with: the migrations of another directory, or a file of checksums. */

import {
  editedSinceBase,
  noBase,
  noSums,
  numberedAround,
  removedSinceBase,
  renamedSinceBase,
} from "../errors/check.ts";
import { Failure } from "../errors/failure.ts";
import { notUtf8 } from "../errors/migration_files.ts";
import type { Edit } from "../events.ts";
import { type BaseMismatch, compareWithBase } from "../history/compare_base.ts";
import type { Files } from "../migration/files.ts";
import type { Migration } from "../migration/migration.ts";
import { pathOf, readMigrations } from "../migration/read_migrations.ts";
import { readSums, type Summed } from "../migration/sums.ts";
import { TextCheck } from "../migration/text_check.ts";
import { describeEdit } from "../sql/edit.ts";

export interface Base {
  /** The path, as the user wrote it. */
  readonly path: string;
  readonly migrations: readonly (Summed & Partial<Pick<Migration, "text">>)[];
  /** Lines of a file of checksums that are not about migrations. */
  readonly ignored: readonly string[];
}

/** A file of checksums that is larger is none. */
const MAX_SUMS_BYTES = 64 * 1024 * 1024;

/**
 * Reads a directory of migrations, or a file of checksums.
 * @throws {Failure} exit code 2
 */
export async function readBase(files: Files, path: string): Promise<Base> {
  try {
    const { migrations } = await readMigrations(files, path);
    // A wrong path must not pass for a base that every file is held to.
    if (migrations.length === 0) throw noBase(path);
    return { path, migrations, ignored: [] };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === "directory-missing") throw noBase(path);
    if (error.code !== "directory-is-a-file") throw error;
    return await readSumsFile(files, path);
  }
}

/** @throws {Failure} exit code 2 */
export async function readSumsFile(files: Files, path: string): Promise<Base> {
  const bytes = await files.read(path, MAX_SUMS_BYTES);
  if (bytes === null) throw noSums(path);
  const check = new TextCheck();
  check.update(bytes);
  check.end();
  if (check.problem !== null) throw notUtf8(path, check.problem.offset);
  const sums = readSums(new TextDecoder().decode(bytes), path);
  if (sums.migrations.length === 0) throw noSums(path);
  return { path, ...sums };
}

/** What is not as the base has it, one failure a file. */
export async function baseFailures(
  base: Base,
  { migrations, directory }: { readonly migrations: readonly Migration[]; readonly directory: string },
): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  for (const mismatch of compareWithBase(base.migrations, migrations)) {
    failures.push(await asFailure(mismatch, { base, migrations, directory }));
  }
  return failures;
}

async function asFailure(
  mismatch: BaseMismatch,
  { base: { path, migrations: before }, migrations, directory }: {
    readonly base: Base;
    readonly migrations: readonly Migration[];
    readonly directory: string;
  },
): Promise<Failure> {
  const base = path;
  switch (mismatch.kind) {
    case "edited": {
      const { name } = mismatch.base;
      const text = before.find((one) => one.name === name)?.text ?? null;
      const edit = await describeEdit(text, migrations.find((one) => one.name === name)?.text ?? null);
      return editedSinceBase(pathOf(directory, name), { name, base, ...shown(edit) });
    }
    case "removed": {
      const { name } = mismatch.base;
      return removedSinceBase(pathOf(directory, name), { name, base });
    }
    case "renamed": {
      const { base: { name }, to, edited } = mismatch;
      return renamedSinceBase(pathOf(directory, to.name), { name, base, to: to.name, edited });
    }
    case "numbered-around": {
      const { added: { name }, last } = mismatch;
      return numberedAround(pathOf(directory, name), { name, base, last: last.name });
    }
  }
}

/** More of what changed is to be seen in the pull request. */
const MOST_LINES = 10;

const CHANGES: Readonly<Record<Edit["kind"], string | null>> = {
  "sql": "the SQL changed",
  "comments-or-white-space": "only comments or white space changed",
  "data": "the data of COPY changed",
  "unknown": null,
  "unparsed": null,
};

function shown({ kind, lines }: Edit): { readonly change: string | null; readonly lines: readonly string[] } {
  const first = lines.slice(0, MOST_LINES).map((line) => `${line.kind === "removed" ? "-" : "+"}  ${line.text}`);
  const rest = lines.length - first.length;
  return { change: CHANGES[kind], lines: rest === 0 ? first : [...first, `… and ${rest} more`] };
}
