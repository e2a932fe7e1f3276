/** The statements of a migration in the order in which they run, those of DO blocks among them. */

import type { Catalog } from "../catalog/catalog.ts";
import { replay } from "../catalog/replay.ts";
import type { Statement } from "../sql/parser.ts";
import { type Bodies, statementsIn, type Step } from "../sql/routine_body.ts";

interface Work {
  readonly catalog: Catalog;
  readonly bodies: Bodies;
}

export interface Whereabouts {
  /** As it is before the statement. */
  readonly catalog: Catalog;
  /** The DO block of the migration that it stands in; null for one of the migration's own. */
  readonly block: Statement | null;
}

type Visit = (statement: Statement, where: Whereabouts) => void;

/**
 * Calls back for each statement, and replays it on the catalog. What may not run is replayed for what stands behind it
 * in the same branch alone.
 */
export function eachStatement(
  { statements, version }: { readonly statements: readonly Statement[]; readonly version: bigint },
  { catalog, bodies }: Work,
  visit: Visit,
): void {
  for (const statement of statements) eachRun({ statement, catalog, block: null });

  function eachRun(
    { statement, catalog, block, isLast = false }: Whereabouts & {
      readonly statement: Statement;
      readonly isLast?: boolean;
    },
  ): void {
    visit(statement, { catalog, block });
    if (statement.kind === "DoStmt") {
      const inside = { catalog: isLast ? catalog.copy() : catalog, block: block ?? statement };
      eachStep(bodies.get(statement.node) ?? [], inside);
    } else if (!isLast) replay(catalog, statement, version);
  }

  function eachStep(steps: readonly Step[], { catalog, block }: Whereabouts, isOnly = false): void {
    for (const step of steps) {
      if (step.kind === "statement") eachRun({ statement: step.statement, catalog, block, isLast: isOnly });
      if (step.kind !== "branch") continue;
      // Nobody sees what the only statement of a branch makes, and a copy takes as long as the catalog is large.
      const isAlone = statementsIn(step.steps).length <= 1;
      eachStep(step.steps, { catalog: isAlone ? catalog : catalog.copy(), block }, isAlone);
    }
  }
}
