/** What is known of NULLs in a column. */

import type { Relation, TableConstraint } from "../catalog/catalog.ts";
import { findColumn } from "../catalog/resolve.ts";
import { provesNotNull } from "../impact/proves_not_null.ts";

/** Whether the server knows that no row has a NULL there, and need not look. */
export function isProvedNotNull(relation: Relation, column: string): boolean {
  return findColumn(relation, column)?.notNull === true || notNullCheck(relation, column)?.validated === true;
}

/** A CHECK that says it, a validated one first; null for none. */
export function notNullCheck({ constraints }: Relation, column: string): TableConstraint | null {
  const checks = constraints.filter(({ kind, expression }) =>
    kind === "check" && expression !== null && provesNotNull(expression, column)
  );
  return checks.find(({ validated }) => validated) ?? checks[0] ?? null;
}
