/** Migrations → findings: the directory is replayed in order, and each statement is shown to each rule. */

import { Catalog } from "../catalog/catalog.ts";
import { resetSession } from "../catalog/replay_settings.ts";
import type { Finding, Severity } from "../events.ts";
import { impactOf } from "../impact/impact_of.ts";
import type { Directives } from "../migration/directives.ts";
import type { Statement } from "../sql/parser.ts";
import type { Bodies } from "../sql/routine_body.ts";
import { placeInFile, type SqlFile } from "../sql/sql_file.ts";
import { ignoreWithoutReason, unknownRule, unusedIgnore } from "./ignore_rules.ts";
import { type Ignore, readIgnores } from "./ignores.ts";
import { locksInUse } from "./in_use.ts";
import { type Around, insideBlock, withinBlock } from "./do_block.ts";
import { eachStatement } from "./each_statement.ts";
import type { Fix, Rule, RuleFacts } from "./rule.ts";
import { RULES } from "./rules/mod.ts";

/** A migration that the parser has taken. */
export interface ParsedMigration {
  readonly version: bigint;
  /** The file's name, `004_add_created_at.sql`. */
  readonly name: string;
  readonly directives: Directives;
  readonly sql: SqlFile;
  readonly statements: readonly Statement[];
  /** What its DO blocks and functions run. */
  readonly bodies: Bodies;
  /** false: it is there for what it makes, and nobody has asked about it. */
  readonly asked: boolean;
}

export interface LintOptions {
  /** The ids of the rules that are applied. */
  readonly rules: ReadonlySet<string>;
  /** The oldest major version of PostgreSQL that the files must suit. */
  readonly postgresVersion: number;
}

/** A finding with what it is about, for those who mend it. */
export interface Found {
  readonly finding: Finding;
  readonly fix: Fix | null;
  readonly migration: ParsedMigration;
  /** For a finding in a DO block that block; null for one about a comment. */
  readonly statement: Statement | null;
}

/**
 * Looks at migrations in their order.
 *
 * @returns what was found in those that were asked about, file by file, from top to bottom
 */
export function lint(migrations: readonly ParsedMigration[], options: LintOptions): readonly Found[] {
  const catalog = new Catalog(false);
  const rules = RULES.filter((rule) => options.rules.has(rule.id) && appliesTo(rule, options.postgresVersion));
  const bodies: Bodies = new Map(migrations.flatMap((migration) => [...migration.bodies]));
  return migrations.flatMap((migration) => {
    // pgmigrate does so between two files.
    resetSession(catalog);
    if (migration.asked) return lintFile(migration, { catalog, rules, bodies, options });
    eachStatement(migration, { catalog, bodies }, () => {});
    return [];
  });
}

interface Work {
  readonly catalog: Catalog;
  readonly rules: readonly Rule[];
  readonly bodies: Bodies;
  readonly options: LintOptions;
}

function appliesTo({ from = 0, until = Infinity }: RuleFacts, postgresVersion: number): boolean {
  return from <= postgresVersion && postgresVersion <= until;
}

function lintFile(migration: ParsedMigration, { catalog, rules, bodies, options }: Work): readonly Found[] {
  const { version, name, directives, sql, statements } = migration;
  const { postgresVersion } = options;
  const given = { version, name, text: sql.text, sql, directives, statements, bodies, postgresVersion };
  const file: Around = { ...given, block: null, earlier: [] };
  const found: FoundAt[] = [];
  let around = file;
  eachStatement(migration, { catalog, bodies }, (statement, { catalog, block }) => {
    if (around.block !== block) around = block === null ? file : insideBlock(block, file);
    const linted = { statement, impact: impactOf(statement, catalog, { postgresVersion }), catalog };
    for (const rule of rules) {
      for (const problem of rule.check(linted, around)) {
        const { span = statement, message, severity = rule.severity } = problem;
        const { safeForm, fix } = block === null ? problem : withinBlock(problem, statement);
        const finding = asFinding(rule, { sql, span, severity, message, safeForm });
        found.push({ finding, fix, migration, statement: block ?? statement, start: span.start });
      }
    }
    const done = { statement, impact: linted.impact, locks: locksInUse(linted, file) };
    around.earlier.push(done);
    if (around !== file) file.earlier.push(done);
  });
  return withoutIgnored(found, { migration, enabled: new Set(rules.map(({ id }) => id)), options })
    .toSorted((a, b) => a.start - b.start);
}

type FoundAt = Found & { readonly start: number };

/** What is left where directives `ignore` take findings away, and what is wrong with these directives. */
function withoutIgnored(
  found: readonly FoundAt[],
  { migration, enabled, options }: {
    readonly migration: ParsedMigration;
    readonly enabled: ReadonlySet<string>;
    readonly options: LintOptions;
  },
): readonly FoundAt[] {
  const { sql } = migration;
  const ignores = readIgnores(sql.text, migration);
  if (ignores.length === 0) return found;
  const used = new Set<Ignore>();
  const left = found.filter((one) => {
    const by = ignores.filter(({ rule, about }) => rule === one.finding.rule && isAbout(about, one));
    for (const ignore of by) used.add(ignore);
    return by.length === 0;
  });
  const problems = ignores.flatMap((ignore): readonly (readonly [Ignore, RuleFacts, string])[] => {
    const { rule, reason } = ignore;
    if (!RULES.some(({ id }) => id === rule)) return [[ignore, unknownRule, unknownSentence(rule)]];
    if (reason === "") {
      return [[ignore, ignoreWithoutReason, `This directive does not say why ${rule} may be ignored.`]];
    }
    if (used.has(ignore) || !enabled.has(rule)) return [];
    return [[ignore, unusedIgnore, unusedSentence(ignore)]];
  });
  const about = problems.filter(([, { id }]) => options.rules.has(id)).map(([{ start, end }, rule, message]) => {
    const finding = asFinding(rule, { sql, span: { start, end }, severity: rule.severity, message, safeForm: null });
    return { finding, fix: null, migration, statement: null, start };
  });
  return [...left, ...about];
}

/** What stands in a DO block is found at its place, and belongs to the block too. */
function isAbout(about: Ignore["about"], { statement, start }: FoundAt): boolean {
  if (about === null || about === "file") return about === "file";
  if (about === statement) return true;
  const isInside = statement !== null && statement.start < about.start && about.end < statement.end;
  return isInside && about.start <= start && start < about.end;
}

function unknownSentence(rule: string): string {
  if (rule === "") return "This directive names no rule: write ignore=RULE and a reason.";
  return `There is no rule ${rule}, so this directive ignores nothing.`;
}

function unusedSentence({ rule, about }: Ignore): string {
  if (about === null) return `No statement stands below this directive, so ${rule} is ignored nowhere.`;
  return `${rule} finds nothing ${
    about === "file" ? "in this file" : "in this statement"
  }: the directive is of no use.`;
}

function asFinding(
  { id }: RuleFacts,
  { sql, span, severity, message, safeForm }: {
    readonly sql: SqlFile;
    readonly span: { readonly start: number; readonly end: number };
    readonly severity: Severity;
    readonly message: string;
    readonly safeForm: string | null;
  },
): Finding {
  const { file, line, column, sourceLine } = placeInFile(sql, span.start);
  const end = placeInFile(sql, span.end);
  const where = { file, line, column, endLine: end.line, endColumn: end.column, sourceLine };
  return { event: "finding", rule: id, severity, span: where, message, safeForm };
}
