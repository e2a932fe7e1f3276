/** `lint --fix`: writes safe forms into files and behind them, where that is mechanical. */

import { fileChanged } from "../errors/sql.ts";
import { applyFixes } from "../lint/fix.ts";
import { type Found, lint, type ParsedMigration } from "../lint/lint.ts";
import { checksum } from "../migration/checksum.ts";
import { readDirectives } from "../migration/directives.ts";
import { parseFileName } from "../migration/file_name.ts";
import type { Files } from "../migration/files.ts";
import { pathOf } from "../migration/read_migrations.ts";
import { nextDigits, slug } from "../migration/scaffold.ts";
import { parse } from "../sql/parser.ts";
import { readBodies } from "../sql/routine_body.ts";
import type { LintOptions } from "./options.ts";
import { isMadeAgain, isTooLateBehind } from "./relies_on_order.ts";

/** More rounds no file needs: each mends what one more rule finds in each statement. */
const MOST_ROUNDS = 20;

export interface FixedFiles {
  /** What is left to find, in the files that were asked about and the new ones. */
  readonly found: readonly Found[];
  readonly changed: readonly { readonly path: string; readonly text: string }[];
  readonly created: readonly { readonly path: string; readonly text: string }[];
  /** How many findings were mended. */
  readonly mended: number;
}

/**
 * Mends what can be mended, one thing a statement at a time, and lints what comes of it, until nothing is left to mend.
 * Writes nothing.
 *
 * @param options.mayFix whether a file may be changed
 * @param options.names the names in the directory, of migrations and others
 */
export async function fixFiles(
  migrations: readonly ParsedMigration[],
  options: Pick<LintOptions, "rules" | "postgresVersion"> & {
    readonly directory: string;
    readonly names: readonly string[];
    readonly mayFix: (migration: ParsedMigration) => boolean;
  },
): Promise<FixedFiles> {
  const { directory } = options;
  let current = migrations;
  const names = [...options.names];
  const changed = new Map<string, string>();
  const created = new Map<string, string>();
  const tried = new Set<string>();
  // What a rule has put into a new file, it does not mend again: it might put it into the next one for ever.
  const madeBy = new Map<ParsedMigration["version"], ReadonlySet<string>>();
  const isOpen = ({ migration, finding }: Found) =>
    options.mayFix(migration) && madeBy.get(migration.version)?.has(finding.rule) !== true;
  let mended = 0;
  let found = lint(current, options);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const fixable = found.filter((one) => isOpen(one) && !isTooLate(one, { current, created }));
    const chosen = choose(fixable, tried);
    if (chosen.length === 0) break;
    for (const [migration, edits] of byMigration(chosen)) {
      const { text, next } = applyFixes(migration.sql.text, edits);
      const { path } = migration.sql;
      (created.has(path) ? created : changed).set(path, text);
      const after = await parsed({ ...migration, path, text });
      current = current.map((one) => one === migration ? after : one);
      for (const { title, text } of next) {
        const name = `${nextDigits(names, directory)}_${slug(title)}.sql`;
        names.push(name);
        created.set(pathOf(directory, name), text);
        const { version } = parseFileName(name)!;
        madeBy.set(
          version,
          new Set([...madeBy.get(migration.version) ?? [], ...edits.map(({ finding }) => finding.rule)]),
        );
        current = [...current, await parsed({ version, name, path: pathOf(directory, name), text, asked: true })];
      }
      mended += edits.length;
    }
    found = lint(current, options);
  }
  const files = (texts: ReadonlyMap<string, string>) => [...texts].map(([path, text]) => ({ path, text }));
  return { found, changed: files(changed), created: files(created), mended };
}

/**
 * Writes what {@link fixFiles} made: the new files first, so that nothing is taken out of one that is nowhere else.
 *
 * @param checksums of the files as they were read, by path
 * @throws {Failure} `file-changed`, `file-exists`, `cannot-write`
 */
export async function writeFixed(
  files: Files,
  { changed, created }: Pick<FixedFiles, "changed" | "created">,
  checksums: ReadonlyMap<string, string>,
): Promise<void> {
  const before = new Map<string, Uint8Array>();
  for (const { path } of changed) {
    const bytes = await files.read(path, Infinity);
    if (bytes === null || checksum(bytes) !== checksums.get(path)) throw fileChanged(path);
    before.set(path, bytes);
  }
  for (const { path, text } of created) await files.create(path, text);
  for (const { path, text } of changed) {
    await files.replace(path, (startsWithBom(before.get(path)!) ? "\ufeff" : "") + text);
  }
}

function startsWithBom([first, second, third]: Uint8Array): boolean {
  return first === 0xef && second === 0xbb && third === 0xbf;
}

type Fixable = Found & { readonly fix: NonNullable<Found["fix"]>; readonly statement: NonNullable<Found["statement"]> };

/** What goes into a migration of its own comes behind all others, and those that --fix itself wrote do not mind. */
function isTooLate(
  { migration, statement, fix }: Found,
  { current, created }: { readonly current: readonly ParsedMigration[]; readonly created: ReadonlyMap<string, string> },
): boolean {
  if (fix === null || statement === null || fix.next.length === 0) return false;
  const later = current.filter(({ version }) => version > migration.version);
  if (isMadeAgain(later, statement)) return true;
  return isTooLateBehind(later.filter(({ sql }) => !created.has(sql.path)), {
    statement,
    sql: fix.next.map(({ sql }) => sql),
  });
}

/** One a statement, and none that was tried already. */
function choose(found: readonly Found[], tried: Set<string>): readonly Fixable[] {
  const taken = new Set<unknown>();
  const seen = new Map<string, number>();
  return found.filter((one): one is Fixable => {
    const { fix, statement, finding, migration } = one;
    if (fix === null || statement === null || taken.has(statement)) return false;
    // A directive of one statement would be a directive of all.
    if (fix.noTransaction && migration.statements.length > 1) return false;
    // A file may say the same thing twice.
    const same = JSON.stringify([finding.rule, migration.name, statement.text, fix]);
    const nth = (seen.get(same) ?? 0) + 1;
    seen.set(same, nth);
    const key = `${nth} ${same}`;
    if (tried.has(key)) return false;
    tried.add(key);
    taken.add(statement);
    return true;
  });
}

function byMigration(chosen: readonly Fixable[]): ReadonlyMap<ParsedMigration, readonly Fixable[]> {
  return Map.groupBy(chosen, ({ migration }) => migration);
}

async function parsed(
  { version, name, path, text, asked }: {
    readonly version: bigint;
    readonly name: string;
    readonly path: string;
    readonly text: string;
    readonly asked: boolean;
  },
): Promise<ParsedMigration> {
  const outcome = await parse(text);
  if (outcome.kind !== "statements") throw new Error(`The safe form of ${name} cannot be parsed: ${text}`);
  const { directives } = readDirectives(text);
  const { statements } = outcome;
  return { version, name, directives, sql: { path, text }, statements, bodies: await readBodies(statements), asked };
}
