/** Statements that fail half-way, outside a transaction. */

import { needsNoTransaction } from "./outside_transaction.ts";
import type { Statement } from "./parser.ts";

/**
 * Whether a statement may leave a part of its work behind when it fails: what commits on its way (a procedure or a DO
 * block that ends transactions, VACUUM, DROP INDEX CONCURRENTLY, …). CREATE INDEX CONCURRENTLY is not among them: what it
 * leaves is an INVALID index, which can be looked for.
 */
export function mayLeavePart(statement: Statement): boolean {
  if (statement.kind === "IndexStmt") return false;
  return statement.kind === "CallStmt" || statement.kind === "DoStmt" || needsNoTransaction(statement) !== null;
}
