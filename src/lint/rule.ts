/** What a rule of `lint` is: one file a rule in `rules/`, a line in the registry. */

import type { Catalog, QualifiedName, RelationKind } from "../catalog/catalog.ts";
import type { Severity } from "../events.ts";
import type { Impact, RelationLock } from "../impact/impact.ts";
import type { Directives } from "../migration/directives.ts";
import type { Statement } from "../sql/parser.ts";
import type { Bodies } from "../sql/routine_body.ts";
import type { SqlFile } from "../sql/sql_file.ts";

/** What is said of a rule: its page in docs/rules/ is made of it. */
export interface RuleFacts {
  /** kebab-case; part of the contract of `--json`, of `--rule` and of the directive `ignore`. */
  readonly id: string;
  /**
   * `error`: it fails, or readers or writers wait for as long as a table is large. `warning`: it can be right, when the
   * programs around it are ready for it. `info`: worth a thought.
   */
  readonly severity: Severity;
  /** What it fires on, a noun phrase without a full stop: `ADD COLUMN with a volatile default`. */
  readonly fires: string;
  /** What the statement locks, for how long that matters, and who waits: whole sentences. */
  readonly why: string;
  /** What to do instead, in words: whole sentences. */
  readonly instead: string;
  /** PostgreSQL's page on it. */
  readonly source: string;
  /** The first and the last major version on which it fires; left out: all. */
  readonly from?: number;
  readonly until?: number;
  readonly examples: readonly RuleExample[];
}

/** A rule, with all that its page in docs/rules/ and its tests need. */
export interface Rule extends RuleFacts {
  /** Looks at one statement. The catalog is as it was before the statement. */
  readonly check: (statement: LintedStatement, file: LintedFile) => readonly Problem[];
}

/** An example of a rule, which its page shows and the tests run. */
export interface RuleExample {
  /** Migrations that come before, one text each; the example's own tables are made there. */
  readonly before: readonly string[];
  /** A migration on which the rule fires. */
  readonly bad: string;
  /** The SQLSTATE with which PostgreSQL refuses the bad one, where it does not run at all. */
  readonly badFails?: string;
  /** Migrations that do the same, in order, and on which no rule fires that did not on the bad one, nor this one. */
  readonly good: readonly string[];
  /** The versions of PostgreSQL on which the good form can be used, where not on all. */
  readonly goodFrom?: number;
}

/** A statement as rules see it. */
export interface LintedStatement {
  readonly statement: Statement;
  readonly impact: Impact;
  /** The database as it is before the statement. */
  readonly catalog: Catalog;
}

/** A statement that stands above the one that is looked at. */
export interface EarlierStatement extends Omit<LintedStatement, "catalog"> {
  /** Its locks on relations that others may have been using when it ran. */
  readonly locks: readonly LockInUse[];
}

/** A lock on a relation that was there before the file, and is not temporary. */
export interface LockInUse extends RelationLock {
  readonly kind: RelationKind;
  /** The partitioned table at the top, where it is a partition; else itself. */
  readonly tree: QualifiedName;
}

/** The file around a statement. */
export interface LintedFile {
  readonly version: bigint;
  /** `004_add_created_at.sql`. */
  readonly name: string;
  readonly text: string;
  /** The same with its path, and with the places where data of COPY stands, for lines as the user counts them. */
  readonly sql: SqlFile;
  readonly directives: Directives;
  /** The statements before it in the file, in order, each with what it did. */
  readonly earlier: readonly EarlierStatement[];
  /** All statements of the file. */
  readonly statements: readonly Statement[];
  /** The DO block of the file in which the statement stands that is looked at; null for one that is the file's own. */
  readonly block: Statement | null;
  /** What DO blocks and functions run, of all migrations. */
  readonly bodies: Bodies;
  /** The oldest major version of PostgreSQL that the file must suit. */
  readonly postgresVersion: number;
}

/** What a rule has to say about a statement. */
export interface Problem {
  /** Where this statement deserves another than the rule's: a rewrite that may also be none is no error. */
  readonly severity?: Severity;
  /**
   * Where: UTF-16 indices into the file's text; the whole statement where it is left out. As small as it can be: the
   * one action of an ALTER TABLE that matters.
   */
  readonly span?: { readonly start: number; readonly end: number };
  /** What it locks, for how long that matters, for this statement: whole sentences with its real names. */
  readonly message: string;
  /**
   * The safe form for this statement, with its real names: SQL to paste, the comments in it saying what goes into a file
   * of its own. null where there is no SQL for it.
   */
  readonly safeForm: string | null;
  /** How `--fix` writes the safe form; null where a person must decide. */
  readonly fix: Fix | null;
}

/** The safe form as a change of files. */
export interface Fix {
  /** What the statement becomes in this file; null: it leaves the file. */
  readonly statement: string | null;
  /** This file gets the directive no-transaction; only for a file in which nothing else stands. */
  readonly noTransaction: boolean;
  /** What goes into migrations behind this one, one file each. */
  readonly next: readonly NextMigration[];
}

export interface NextMigration {
  /** What its name says: `validate posts_user_id_fkey`. */
  readonly title: string;
  readonly sql: string;
  readonly noTransaction: boolean;
}
