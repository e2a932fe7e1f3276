/** Migrations → findings: the directory is replayed in order, and each statement is shown to each rule. */

import { Catalog } from "../catalog/catalog.ts";
import { replay } from "../catalog/replay.ts";
import { resetSession } from "../catalog/replay_settings.ts";
import type { Finding, Severity } from "../events.ts";
import { impactOf } from "../impact/impact_of.ts";
import type { Directives } from "../migration/directives.ts";
import type { Statement } from "../sql/parser.ts";
import { placeInFile, type SqlFile } from "../sql/sql_file.ts";
import { ignoreWithoutReason, unknownRule, unusedIgnore } from "./ignore_rules.ts";
import { type Ignore, readIgnores } from "./ignores.ts";
import { locksInUse } from "./in_use.ts";
import type { EarlierStatement, Fix, LintedFile, Rule, RuleFacts } from "./rule.ts";
import { RULES } from "./rules/mod.ts";

/** A migration that the parser has taken. */
export interface ParsedMigration {
  readonly version: bigint;
  /** The file's name, `004_add_created_at.sql`. */
  readonly name: string;
  readonly directives: Directives;
  readonly sql: SqlFile;
  readonly statements: readonly Statement[];
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
  /** null for a finding about a comment. */
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
  return migrations.flatMap((migration) => {
    // pgmigrate does so between two files.
    resetSession(catalog);
    const found = migration.asked ? lintFile(migration, { catalog, rules, options }) : [];
    if (!migration.asked) {
      for (const statement of migration.statements) replay(catalog, statement, migration.version);
    }
    return found;
  });
}

interface Work {
  readonly catalog: Catalog;
  readonly rules: readonly Rule[];
  readonly options: LintOptions;
}

function appliesTo({ from = 0, until = Infinity }: RuleFacts, postgresVersion: number): boolean {
  return from <= postgresVersion && postgresVersion <= until;
}

function lintFile(migration: ParsedMigration, { catalog, rules, options }: Work): readonly Found[] {
  const { version, name, directives, sql, statements } = migration;
  const { postgresVersion } = options;
  const earlier: EarlierStatement[] = [];
  const file: LintedFile = { version, name, text: sql.text, sql, directives, earlier, statements, postgresVersion };
  const found: (Found & { readonly start: number })[] = [];
  for (const statement of statements) {
    const impact = impactOf(statement, catalog, { postgresVersion });
    for (const rule of rules) {
      for (const problem of rule.check({ statement, impact, catalog }, file)) {
        const { span = statement, message, safeForm, fix, severity = rule.severity } = problem;
        const finding = asFinding(rule, { sql, span, severity, message, safeForm });
        found.push({ finding, fix, migration, statement, start: span.start });
      }
    }
    earlier.push({ statement, impact, locks: locksInUse({ statement, impact, catalog }, file) });
    replay(catalog, statement, version);
  }
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
  const { sql, statements } = migration;
  const ignores = readIgnores(sql.text, statements);
  if (ignores.length === 0) return found;
  const used = new Set<Ignore>();
  const left = found.filter(({ finding, statement }) => {
    const by = ignores.filter(({ rule, about }) => rule === finding.rule && (about === "file" || about === statement));
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
