/** What could not be tried, and which later failures may be for want of it. */

import { Catalog } from "../catalog/catalog.ts";
import { type MadeNames, replayNames, wordsOf } from "../catalog/made_names.ts";
import { replay } from "../catalog/replay.ts";
import type { Failure } from "../errors/failure.ts";
import { impactOf } from "../impact/impact_of.ts";
import type { Migration } from "../migration/migration.ts";
import { parse, type Statement } from "../sql/parser.ts";
import { placeInFile } from "../sql/sql_file.ts";
import type { CheckedFile } from "./check_files.ts";
import { mayBring } from "./extension_names.ts";
import { type MissingName, missingName } from "./missing_name.ts";

/** PostgreSQL documentation, "PostgreSQL Error Codes": what is there already is no less there with more tried. */
const NEVER: readonly string[] = [
  ...["42P07", "42701", "42710", "42723", "42P06", "42P03", "42P05", "42712"],
  ...["23505", "42601"],
];

/** invalid_parameter_value, where an extension would know the parameter: `WITH (timescaledb.continuous)`. */
const NAMESPACE = /^unrecognized parameter namespace "(.+)"$/;

const UNDEFINED_COLUMN = "42703";

/** A statement, or a file of which nobody knows how far it came. */
interface Gap {
  /** `line 3 of 002_places.sql` */
  readonly what: string;
  readonly made: MadeNames;
  /** Names of the relations and types that it makes or changes. */
  readonly touched: ReadonlySet<string>;
}

const NOTHING: MadeNames = {
  ...{ relations: new Set<string>(), columns: [], constraints: new Set<string>() },
  ...{ types: new Set<string>(), functions: new Set<string>(), words: new Set<string>() },
};

/** Only the embedded PostgreSQL lacks anything; it is one of this version. */
const POSTGRES_VERSION = 18;

/** Follows the migrations as they are tried. Nothing is parsed or replayed before the first failure. */
export class Untried {
  readonly #catalog = new Catalog(false);
  readonly #gaps: Gap[] = [];
  readonly #extensions: string[] = [];
  /** Files that have been tried and are not in the catalog yet. */
  #behind: CheckedFile[] = [];
  /** The file that is being tried, and how many of its statements are in the catalog. */
  #current: { readonly migration: Migration; readonly statements: readonly Statement[]; done: number } | null = null;

  /** A file was tried to its end. */
  passed(file: CheckedFile): void {
    this.#behind.push(file);
  }

  lacks(extension: string): void {
    if (!this.#extensions.includes(extension)) this.#extensions.push(extension);
  }

  /**
   * Notes that one statement of a file is left out. Statements of a file come in order.
   *
   * @param start of the statement: the UTF-16 index that it has in the file's text
   */
  async leaveOut(file: CheckedFile, start: number): Promise<void> {
    const statement = await this.#advance(file, start);
    if (statement === null) return;
    const { line } = placeInFile(file.sql, statement.start);
    const { locks } = impactOf(statement, this.#catalog, { postgresVersion: POSTGRES_VERSION });
    const made = replayNames(this.#catalog, statement, file.migration.version);
    this.#current!.done++;
    const touched = new Set([
      ...locks.filter(({ mode }) => mode !== "AccessShareLock").map(({ relation }) => relation.name),
      ...[...made.relations, ...made.types, ...this.#namesAmong(made.words)],
    ]);
    this.#gaps.push({ what: `line ${line} of ${file.migration.name}`, made, touched });
  }

  /** Notes that nobody knows how far a file came: whatever it names may be missing. */
  async leaveOutAll(file: CheckedFile): Promise<void> {
    await this.#advance(file, Infinity);
    const words = wordsOf(file.text);
    const touched = new Set(this.#namesAmong(words));
    this.#gaps.push({ what: file.migration.name, made: { ...NOTHING, words }, touched });
  }

  /**
   * @param start of the statement that failed; null where that is not known
   * @returns why it may have failed for want of what was left out: the end of a sentence; null where it cannot have
   */
  async excuseFor({ message, details }: Failure, file: CheckedFile, start: number | null): Promise<string | null> {
    const { sqlstate = "" } = details;
    if (this.#gaps.length === 0 && this.#extensions.length === 0 || NEVER.includes(sqlstate)) return null;
    const statement = start === null ? null : await this.#advance(file, start);
    const missing = missingName(message, sqlstate);
    if (missing !== null) return this.#excuseName(missing);
    const namespace = NAMESPACE.exec(message)?.[1];
    if (namespace !== undefined && this.#extensions.includes(namespace)) {
      return `which is of the extension ${namespace}`;
    }
    if (sqlstate === UNDEFINED_COLUMN || message.startsWith("missing FROM")) return null;
    const named = wordsOf(`${message} ${statement?.text ?? file.text}`);
    const gap = this.#gaps.find(({ touched }) => [...touched].some((name) => named.has(name)));
    return gap === undefined ? null : `and ${gap.what} could not be tried`;
  }

  #excuseName(missing: MissingName): string | null {
    const gap = this.#gaps.find(({ made }) => makes(made, missing));
    if (gap !== undefined) return `and ${gap.what} could not be tried`;
    // With other arguments it is there.
    const isKnown = missing.kind === "function" &&
      [...this.#catalog.functions.values()].some(([one]) => one?.name === missing.name);
    if (isKnown) return null;
    const isOurs = (schema: string) => this.#catalog.relations.hasSchema(schema);
    const extension = this.#extensions.find((one) => mayBring(one, missing, isOurs));
    return extension === undefined ? null : `which may be of the extension ${extension}`;
  }

  /** The relations and types that a text names. */
  #namesAmong(words: ReadonlySet<string>): readonly string[] {
    const { relations, types } = this.#catalog;
    return [...relations.values(), ...types.values()].map(({ name }) => name).filter((name) => words.has(name));
  }

  /** Replays all up to a statement. */
  async #advance(file: CheckedFile, start: number): Promise<Statement | null> {
    for (const one of this.#behind.splice(0)) await this.#replayTo(one, Infinity);
    return await this.#replayTo(file, start);
  }

  async #replayTo({ migration, sql, statements: checked }: CheckedFile, start: number): Promise<Statement | null> {
    if (this.#current?.migration !== migration) {
      // Parsed before: its trees were not kept.
      const outcome = checked === null ? null : await parse(sql.text);
      const statements = outcome?.kind === "statements" ? outcome.statements : [];
      this.#current = { migration, statements, done: 0 };
    }
    const { statements } = this.#current;
    for (; (statements[this.#current.done]?.start ?? Infinity) < start; this.#current.done++) {
      replay(this.#catalog, statements[this.#current.done]!, migration.version);
    }
    const next = statements[this.#current.done];
    return next?.start === start ? next : null;
  }
}

function makes(made: MadeNames, { kind, name, of }: MissingName): boolean {
  if (made.words.has(name)) return true;
  switch (kind) {
    case "relation":
      return made.relations.has(name);
    case "column":
      return made.columns.some((column) => column.name === name && (of === null || column.relation === of));
    case "type":
      // A table is a type too.
      return made.types.has(name) || made.relations.has(name);
    case "function":
      return made.functions.has(name);
    case "constraint":
      return made.constraints.has(name);
    default:
      return false;
  }
}
