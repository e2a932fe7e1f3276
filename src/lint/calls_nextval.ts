import { eachNode } from "../catalog/tree.ts";
import { listedParts } from "../sql/identifiers.ts";

/** Whether an expression takes numbers from a sequence. */
export function callsNextval(expression: unknown): boolean {
  let found = false;
  eachNode(expression, (kind, node) => {
    if (kind !== "FuncCall") return;
    found ||= listedParts(node.funcname as Parameters<typeof listedParts>[0]).at(-1) === "nextval";
  });
  return found;
}
