/** DO blocks and procedures that change rows in batches and commit each: what they lock is known from their text. */

import type { Node } from "libpg-query";
import { type Catalog, type MadeFunction, qualified } from "../catalog/catalog.ts";
import { eachNode } from "../catalog/tree.ts";
import { listedParts } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import type { Bodies, Body, Step } from "../sql/routine_body.ts";
import type { Impact } from "./impact.ts";
import { impactOf, type ImpactOptions } from "./impact_of.ts";
import { stronger } from "./lock_conflicts.ts";

export interface CommittedBatches {
  /**
   * Of all its statements together. How often each runs nobody knows, nor what its queries read where an index could
   * serve them.
   */
  readonly impact: Impact;
  /** The statements that change rows. */
  readonly changes: readonly Statement[];
}

/**
 * @returns null for any other statement, and for a body that does more than that, or whose COMMIT may come only when
 * all rows are changed
 */
export function committedBatches(
  statement: Statement,
  catalog: Catalog,
  { bodies, ...options }: ImpactOptions & { readonly bodies: Bodies },
): CommittedBatches | null {
  const body = bodyOf(statement, { catalog, bodies });
  if (body === null || !hasCommit(body) || accumulates(body)) return null;
  const statements = plainStatements(body);
  const changes = statements?.filter(isChange) ?? [];
  if (statements === null || changes.length === 0) return null;
  const all = [...argumentsOf(statement), ...statements];
  return { impact: together(all.map((one) => impactOf(one, catalog, options))), changes };
}

/** What a CALL computes first, as a statement. */
function argumentsOf({ kind, node, text, start, end }: Statement): readonly Statement[] {
  if (kind !== "CallStmt") return [];
  const targetList = (node.funccall?.args ?? []).map((val): Node => ({ ResTarget: { val } }));
  return [{ kind: "SelectStmt", node: { targetList }, text, start, end }];
}

/** What a DO block or a CALL runs; null where that is not known. */
function bodyOf(
  { kind, node }: Statement,
  { catalog, bodies }: { readonly catalog: Catalog; readonly bodies: Bodies },
): Body {
  if (kind === "DoStmt") return bodies.get(node) ?? null;
  if (kind !== "CallStmt") return null;
  const [made, ...others] = proceduresNamed(listedParts(node.funccall?.funcname), catalog);
  // The types of the arguments, which decide between several, are not known.
  if (made?.definition === undefined || made.isAtomic || others.length > 0) return null;
  return bodies.get(made.definition) ?? null;
}

function proceduresNamed(parts: readonly string[], { functions, searchPath }: Catalog): readonly MadeFunction[] {
  const [name = "", given] = parts.toReversed();
  for (const schema of given === undefined ? searchPath : [given]) {
    const found = functions.get(qualified({ schema, name }));
    if (found !== undefined) return found;
  }
  return [];
}

const CHANGES: readonly string[] = ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"];

function isChange({ kind }: Statement): boolean {
  return CHANGES.includes(kind);
}

/** `WITH gone AS (DELETE … RETURNING …) SELECT …` does more. */
function isRead({ kind, node }: Statement): boolean {
  if (kind !== "SelectStmt") return false;
  let changes = false;
  eachNode(node, (inner) => {
    changes ||= CHANGES.includes(inner);
  });
  return !changes;
}

/** Its statements and the expressions that it computes, as statements; null where it does more than read and change rows. */
function plainStatements(steps: readonly Step[]): readonly Statement[] | null {
  const all: Statement[] = [];
  for (const step of steps) {
    if (step.kind === "commit") continue;
    if (step.kind === "computed") return null;
    if (step.kind === "branch") {
      const inner = plainStatements(step.steps);
      if (inner === null) return null;
      all.push(...inner);
    } else if (step.kind === "expression") {
      const { tree, span } = step;
      if (!("SelectStmt" in tree)) return null;
      all.push({ kind: "SelectStmt", node: tree.SelectStmt, text: "", ...span });
    } else if (isChange(step.statement) || isRead(step.statement)) all.push(step.statement);
    else return null;
  }
  return all;
}

function hasCommit(steps: readonly Step[]): boolean {
  return steps.some((step) => step.kind === "commit" || step.kind === "branch" && hasCommit(step.steps));
}

/** Whether a branch, which may be a loop, ends with a change that it has not committed. */
function accumulates(steps: readonly Step[]): boolean {
  return steps.some((step) => step.kind === "branch" && (isOpen(step.steps) || accumulates(step.steps)));
}

/** A COMMIT in a branch behind the change counts: `IF n % 1000 = 0 THEN COMMIT`, and what stands behind a RETURN. */
function isOpen(steps: readonly Step[]): boolean {
  return steps.reduce((open, step) => {
    if (step.kind === "statement") return open || isChange(step.statement);
    return open && step.kind !== "commit" && !(step.kind === "branch" && hasCommit(step.steps));
  }, false);
}

function together(impacts: readonly Impact[]): Impact {
  const locks = new Map<string, Impact["locks"][number]>();
  for (const lock of impacts.flatMap((impact) => impact.locks)) {
    const before = locks.get(qualified(lock.relation));
    const mode = before === undefined ? lock.mode : stronger(before.mode, lock.mode);
    locks.set(qualified(lock.relation), { ...lock, mode });
  }
  return {
    locks: [...locks.values()],
    scans: impacts.flatMap(({ scans }) => scans.filter(({ certain }) => certain)),
    rewrites: [],
    unknown: impacts.find(({ unknown }) => unknown !== null)?.unknown ?? null,
  };
}
