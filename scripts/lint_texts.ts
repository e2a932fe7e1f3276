/** Lints texts as if they were the migrations of a directory: for the pages of the rules, and for their tests. */

import { type Found, lint, type ParsedMigration } from "../src/lint/lint.ts";
import { ALL_RULES } from "../src/lint/rule_ids.ts";
import { readDirectives } from "../src/migration/directives.ts";
import { safeFormParts } from "../src/lint/safe_form.ts";
import { fixFiles } from "../src/run/fix_files.ts";
import { parse } from "../src/sql/parser.ts";
import { readBodies } from "../src/sql/routine_body.ts";

/** Where the texts seem to stand. */
export const DIRECTORY = "migrations";

const ALL_IDS: ReadonlySet<string> = new Set(ALL_RULES.map(({ id }) => id));

export interface LintTextsOptions {
  readonly postgresVersion: number;
  /** How many texts come before those that are asked about. Default 0. */
  readonly before?: number;
  /** Default: all. */
  readonly rules?: ReadonlySet<string>;
}

/** Lints texts; the n-th is `00n_example.sql`. */
export async function lintTexts(
  texts: readonly string[],
  { postgresVersion, before = 0, rules = ALL_IDS }: LintTextsOptions,
): Promise<readonly Found[]> {
  return lint(await parseTexts(texts, before), { rules, postgresVersion });
}

/** The texts of all files when `--fix` has been at work, in order. */
export async function fixTexts(
  texts: readonly string[],
  { postgresVersion, before = 0, rules = ALL_IDS }: LintTextsOptions,
): Promise<readonly string[]> {
  const migrations = await parseTexts(texts, before);
  const { changed, created } = await fixFiles(migrations, {
    rules,
    postgresVersion,
    directory: DIRECTORY,
    names: migrations.map(({ name }) => name),
    mayFix: ({ asked }) => asked,
  });
  const now = new Map(changed.map(({ path, text }) => [path, text]));
  return [...migrations.map(({ sql: { path, text } }) => now.get(path) ?? text), ...created.map(({ text }) => text)];
}

/** @param before how many of the texts are not asked about */
export async function parseTexts(texts: readonly string[], before: number): Promise<readonly ParsedMigration[]> {
  return await Promise.all(texts.map(async (text, index) => {
    const parsed = await parse(text);
    if (parsed.kind !== "statements") throw new Error(`${JSON.stringify(parsed)}\n${text}`);
    const name = `${String(index + 1).padStart(3, "0")}_example.sql`;
    return {
      version: BigInt(index + 1),
      name,
      directives: readDirectives(text).directives,
      sql: { path: `${DIRECTORY}/${name}`, text },
      statements: parsed.statements,
      bodies: await readBodies(parsed.statements),
      asked: index >= before,
    };
  }));
}

/**
 * A file as it is when somebody has pasted the safe form of a finding: the file itself, and the migrations behind it.
 *
 * @returns null where the finding has no safe form, or is about no statement
 */
export function withSafeForm(text: string, { finding, statement }: Found): readonly string[] | null {
  if (finding.safeForm === null || statement === null) return null;
  const [first = "", ...others] = safeFormParts(finding.safeForm);
  const isOwnFile = /^-- pgmigrate: no-transaction$/m.test(first);
  const instead = isOwnFile ? "" : first.trimEnd().replace(/;$/, "");
  const file = text.slice(0, statement.start) + instead + text.slice(statement.end);
  return [file, ...isOwnFile ? [first] : [], ...others];
}
