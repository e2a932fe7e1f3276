/** The server's own plans of those statements that can be planned without running anything. */

import { qualified } from "../catalog/catalog.ts";
import { type Explained, explainStatement, findForeignCode, type ForeignCode } from "../database/explain_statement.ts";
import type { ReadCatalog } from "../database/read_catalog.ts";
import type { Session } from "../database/session.ts";
import type { Impact } from "../impact/impact.ts";
import type { Statement } from "../sql/parser.ts";
import { type Explainable, explainable } from "./explainable.ts";

/** For how long plans are asked for, in all: behind that, what rules say must do. */
const BUDGET_MS = 3_000;

export type Plans = ReadonlyMap<Statement, Explained>;

interface Asked {
  readonly statement: Statement;
  readonly explainable: Explainable;
}

/** Asks for the plan of each statement that names nothing but what is there, and through which no code of others runs. */
export async function readPlansOf(
  session: Session,
  { read, statements, impacts }: {
    readonly read: ReadCatalog;
    readonly statements: readonly Statement[];
    readonly impacts: ReadonlyMap<Statement, Impact>;
  },
): Promise<Plans> {
  const plans = new Map<Statement, Explained>();
  const asked: Asked[] = statements.flatMap((statement) => {
    // Rows that are given one by one need no plan.
    if (isPlain(statement) || impacts.get(statement)?.unknown !== null) return [];
    const found = explainable(statement, read.catalog);
    return found === null ? [] : [{ statement, explainable: found }];
  });
  if (asked.length === 0) return plans;
  const oids = new Set(asked.flatMap(({ explainable }) => oidsOf(explainable, read)));
  const operators = new Set(asked.flatMap(({ explainable }) => explainable.operators));
  const code = await findForeignCode(session, { oids: [...oids], operators: [...operators] });
  const started = performance.now();
  for (const { statement, explainable } of asked) {
    if (!isSafe(explainable, { read, code }) || performance.now() - started > BUDGET_MS) continue;
    const { text } = statement;
    const plan = await explainStatement(session, { text, searchPath: read.catalog.searchPath });
    if (plan !== null) plans.set(statement, plan);
  }
  return plans;
}

function isPlain({ kind, node }: Statement): boolean {
  if (kind !== "InsertStmt" || node.onConflictClause !== undefined || node.withClause !== undefined) return false;
  const source = node.selectStmt;
  return source === undefined || ("SelectStmt" in source && source.SelectStmt.valuesLists !== undefined);
}

function oidsOf({ relations }: Explainable, { oids }: ReadCatalog): readonly number[] {
  return relations.flatMap((relation) => oids.get(qualified(relation)) ?? []);
}

function isSafe(
  explainable: Explainable,
  { read, code }: { readonly read: ReadCatalog; readonly code: ForeignCode },
): boolean {
  return !code.casts && !code.backslashes &&
    !explainable.operators.some((operator) => code.operators.has(operator)) &&
    !oidsOf(explainable, read).some((oid) => code.relations.has(oid));
}
