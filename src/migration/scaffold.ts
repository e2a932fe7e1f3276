/** New migration files: their number, their name and what stands in them. */

import { emptyTitle, versionsExhausted } from "../errors/new_migration.ts";
import type { Statement } from "../sql/parser.ts";
import type { Undo } from "../sql/undo.ts";
import { undoStatements } from "../sql/undo_statements.ts";
import { MAX_VERSION, parseFileName } from "./file_name.ts";
import { pathOf } from "./read_migrations.ts";

/** Digits of the first version in an empty directory. */
const FIRST_WIDTH_DIGITS = 3;

const LINE_END = /\r\n|\n|\r/;

/**
 * The version after the newest file's, as the digits of a file name, padded as that file is.
 *
 * @param names the names in the directory, of migrations and others
 * @throws {Failure} `versions-exhausted`
 */
export function nextDigits(names: readonly string[], directory: string): string {
  const newest = newestOf(names);
  if (newest === null) return "1".padStart(FIRST_WIDTH_DIGITS, "0");
  if (newest.version >= MAX_VERSION) throw versionsExhausted(newest.name, pathOf(directory, newest.name));
  return String(newest.version + 1n).padStart(newest.digits.length, "0");
}

/** The file with the highest version, as a number; null where there is no migration. */
export function newestOf(names: readonly string[]): { name: string; version: bigint; digits: string } | null {
  let newest: ReturnType<typeof newestOf> = null;
  for (const name of names) {
    const parsed = parseFileName(name);
    if (parsed !== null && (newest === null || parsed.version > newest.version)) newest = { name, ...parsed };
  }
  return newest;
}

/** A time as a version: `20261122151000`, in UTC, so that two people in two time zones are in order. */
export function timestampDigits(time: Date): string {
  return time.toISOString().replace(/\..*$/, "").replaceAll(/\D/g, "");
}

/**
 * What the user calls a migration, as the part of a file name: a to z, 0 to 9 and single underscores. Accents are taken
 * off (`Größe` gives `grosse`), and what has no such letter becomes an underscore. A name that is given as a file's,
 * `add_users.sql`, is taken without its ending.
 *
 * @throws {Failure} `empty-name` when nothing is left
 */
export function slug(title: string): string {
  // Upper case first: it turns ß into SS and the ligature ﬁ into FI, where lower case leaves them.
  const letters = title.replace(/\.sql$/i, "").toUpperCase().normalize("NFKD").replaceAll(/\p{Mark}/gu, "")
    .toLowerCase();
  const result = letters.replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "");
  if (result === "") throw emptyTitle(JSON.stringify(title));
  return result;
}

/** The text of a new migration. In quotes no title can be taken for a directive. */
export function newText(title: string): string {
  return `${comment(`Migration "${oneLine(title)}"`)}
--
-- Runs in a transaction of its own: no BEGIN and COMMIT needed. For what cannot run in one, such as
-- CREATE INDEX CONCURRENTLY, make this the first line, without the quotes: "-- pgmigrate: no-transaction"

`;
}

/** A file to be reverted. */
export interface Original {
  /** The file's name. */
  readonly name: string;
  readonly text: string;
  /** null where the text cannot be parsed: it is then taken over whole, for the user to undo. */
  readonly statements: readonly Statement[] | null;
}

/**
 * The text of a migration that takes another one back: its statements as comments, newest first, each with its undo
 * where that is certain.
 */
export function revertText({ name, text, statements }: Original): string {
  const parts = statements === null ? [{ original: text.trim(), undone: null }] : undoable(statements);
  // DROP INDEX CONCURRENTLY cannot run in a transaction, as the CREATE could not.
  const outside = parts.some(({ undone }) => undone?.sql.startsWith("DROP INDEX CONCURRENTLY "));
  const blocks = parts.map(({ original, undone }) => {
    if (undone === null) return `${comment(original)}\n-- undo by hand:\n`;
    const note = undone.note === undefined ? "" : `${comment(undone.note)}\n`;
    return `${comment(original)}\n${note}${undone.sql};\n`;
  });
  const head = `${outside ? "-- pgmigrate: no-transaction\n" : ""}${comment(`Takes back ${oneLine(name)}`)}
--
-- Each of its statements stands below as a comment, newest first, with what takes it back. Read it before you apply
-- it: what a DROP removes is gone, and data that the migration changed does not come back by itself.
`;
  return [head, ...blocks].join("\n");
}

function undoable(statements: readonly Statement[]): readonly { original: string; undone: Undo | null }[] {
  const own = statements.filter(({ kind }) => kind !== "TransactionStmt");
  const undos = undoStatements(own);
  return own.map(({ text }, index) => ({ original: `${text};`, undone: undos[index] ?? null })).toReversed();
}

/** A lone CR ends a comment too: what stands behind it must not become SQL. */
function comment(text: string): string {
  return text.split(LINE_END).map((line) => `-- ${line}`.trimEnd()).join("\n");
}

function oneLine(text: string): string {
  return text.split(LINE_END).join(" ");
}
