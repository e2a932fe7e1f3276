/** A statement that cannot run in a transaction, as a migration of its own. */

import type { RangeVar } from "libpg-query";
import { resolveRelation } from "../catalog/resolve.ts";
import { identifier } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import type { LintedFile, LintedStatement, Problem } from "./rule.ts";
import { writeSafeForm } from "./safe_form.ts";
import { runsInTransaction } from "./same_transaction.ts";
import { setsSearchPath } from "./search_path.ts";
import { type Edit, nameSpan } from "./text_edits.ts";

export interface OwnMigration {
  /** One statement or more, each but the last with its `;`. */
  readonly sql: string;
  /** What it does: `create index posts_user_id_idx`. */
  readonly title: string;
  /** Names by which a statement further down may rely on this one, so that it cannot run later than that. */
  readonly names: readonly string[];
}

/** How a statement is taken out of its file's transaction, in words and as a fix. */
export function ownMigration(
  { sql, title, names }: OwnMigration,
  { statement, file }: { readonly statement: Statement; readonly file: LintedFile },
): Pick<Problem, "safeForm" | "fix"> {
  if (!runsInTransaction(file)) {
    return { safeForm: `${sql};`, fix: { statement: sql, noTransaction: false, next: [] } };
  }
  const migration = { title, sql: `${sql};`, noTransaction: true };
  const safeForm = writeSafeForm([migration]);
  // A block of the file's own would have to be taken apart.
  if (file.directives.noTransaction) return { safeForm, fix: null };
  if (file.statements.length === 1) return { safeForm, fix: { statement: sql, noTransaction: true, next: [] } };
  const fix = isNeededBelow(statement, { names, file })
    ? null
    : { statement: null, noTransaction: false, next: [migration] };
  return { safeForm, fix };
}

/** Indexes do not rely on each other, but the next one of a name needs the last one gone; what else has it may rely on it. */
function isNeededBelow(
  { start }: Statement,
  { names, file }: { readonly names: readonly string[]; readonly file: LintedFile },
): boolean {
  return file.statements.some((other) => {
    if (other.start <= start) return false;
    if (other.kind === "IndexStmt") return names.includes(other.node.idxname ?? "");
    return names.some((name) => other.text.toLowerCase().includes(name.toLowerCase()));
  });
}

/**
 * What has to be put before a statement's names so that they mean the same in another file: nothing, unless this file has
 * set search_path.
 */
export function qualifyingEdits(
  { statement, catalog }: Pick<LintedStatement, "statement" | "catalog">,
  { file, relations }: { readonly file: LintedFile; readonly relations: readonly (RangeVar | undefined)[] },
): readonly Edit[] {
  if (!file.earlier.some((earlier) => setsSearchPath(earlier.statement))) return [];
  return relations.flatMap((range) => {
    if (range === undefined || range.schemaname !== undefined) return [];
    const [relation, span] = [resolveRelation(catalog, range), nameSpan(statement, range)];
    if (relation === null || span === null) return [];
    return [{ start: span.start, end: span.start, text: `${identifier(relation.schema)}.` }];
  });
}
