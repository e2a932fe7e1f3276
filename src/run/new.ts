/** `new`: makes the next migration file. */

import { Failure } from "../errors/failure.ts";
import { nothingToRevert, tooLargeToRevert, versionTaken } from "../errors/new_migration.ts";
import type { NewResult } from "../events.ts";
import { parseFileName } from "../migration/file_name.ts";
import type { Files } from "../migration/files.ts";
import { pathOf, readMigrations } from "../migration/read_migrations.ts";
import { newestOf, newText, nextDigits, revertText, slug, timestampDigits } from "../migration/scaffold.ts";
import { parse } from "../sql/parser.ts";
import { readScript } from "../sql/script.ts";
import type { Context } from "./context.ts";
import type { NewOptions } from "./options.ts";

/**
 * Writes a new file into the migrations directory, which is made when it is not there: an empty migration, or one that
 * takes an earlier one back. Never writes over a file.
 *
 * @throws {Failure} exit code 2: no name can be made, the version is taken or there is none left, the file exists or
 * cannot be written, the migration to revert is unknown or cannot be read
 */
export async function newMigration(
  context: Pick<Context, "files" | "now" | "report">,
  options: NewOptions,
): Promise<NewResult> {
  const { files } = context;
  const { migrations: directory, revert } = options;
  const draft = revert === null ? newDraft(options.title ?? "") : await revertDraft(files, { ...options, revert });
  const names = await namesIn(files, directory);
  const digits = options.timestamp ? timestamp(context, directory, names) : nextDigits(names, directory);
  const file = pathOf(directory, `${digits}_${draft.name}.sql`);
  await files.create(file, draft.text);
  return { command: "new", file };
}

interface Draft {
  /** The part of the file's name between the version and `.sql`. */
  readonly name: string;
  readonly text: string;
}

function newDraft(title: string): Draft {
  return { name: slug(title), text: newText(title) };
}

async function revertDraft(
  files: Files,
  { migrations: directory, title, revert }: NewOptions & { readonly revert: bigint },
): Promise<Draft> {
  const { migrations } = await readMigrations(files, directory);
  const original = migrations.find(({ version }) => version === revert);
  if (original === undefined) throw nothingToRevert(revert, directory);
  if (original.text === null) throw tooLargeToRevert(original.path);
  const parsed = await parse(readScript(original.text).sql);
  const statements = parsed.kind === "statements" ? parsed.statements : null;
  return {
    name: title === null ? `revert_${parseFileName(original.name)!.title}` : slug(title),
    text: revertText({ ...original, text: original.text, statements }),
  };
}

async function namesIn(files: Files, directory: string): Promise<readonly string[]> {
  try {
    return (await files.list(directory)).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Failure && error.code === "directory-missing") return [];
    throw error;
  }
}

function timestamp(
  { now, report }: Pick<Context, "now" | "report">,
  directory: string,
  names: readonly string[],
): string {
  const digits = timestampDigits(now());
  const version = BigInt(digits);
  const taken = names.find((name) => parseFileName(name)?.version === version);
  if (taken !== undefined) throw versionTaken(version, pathOf(directory, taken));
  const newest = newestOf(names);
  if (newest !== null && newest.version > version) {
    report({
      event: "warning",
      code: "not-the-newest",
      message: `${newest.name} has a higher version than ${digits}, so the new migration comes before it`,
      hint: "up refuses it as out of order where that file was applied. Check the clock, or leave --timestamp out",
    });
  }
  return digits;
}
