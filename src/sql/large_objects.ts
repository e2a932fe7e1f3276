/** How pg_dump writes the contents of large objects: in BEGIN … COMMIT blocks of their own, in the middle of the file. */

import { listedParts } from "./identifiers.ts";
import type { Statement } from "./parser.ts";

const WRITES = ["lo_open", "lowrite", "lo_close"];

/**
 * Each BEGIN and COMMIT round statements that do nothing but write large objects. A descriptor ends with its transaction,
 * which is all that the block is for: in a larger transaction the statements do the same.
 */
export function largeObjectBlocks(statements: readonly Statement[]): ReadonlySet<Statement> {
  const found = new Set<Statement>();
  let begin: Statement | null = null;
  let writes = 0;
  for (const statement of statements) {
    if (writesLargeObject(statement)) {
      writes++;
      continue;
    }
    if (begin !== null && writes > 0 && isTransaction(statement, "TRANS_STMT_COMMIT")) found.add(begin).add(statement);
    begin = isTransaction(statement, "TRANS_STMT_BEGIN") ? statement : null;
    writes = 0;
  }
  return found;
}

function isTransaction({ kind, node }: Statement, wanted: "TRANS_STMT_BEGIN" | "TRANS_STMT_COMMIT"): boolean {
  return kind === "TransactionStmt" && node.kind === wanted && node.chain !== true && node.options === undefined;
}

/** `SELECT pg_catalog.lowrite(0, '\x…')` */
function writesLargeObject({ kind, node }: Statement): boolean {
  if (kind !== "SelectStmt" || node.targetList?.length !== 1 || node.fromClause !== undefined) return false;
  const [target] = node.targetList;
  const value = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
  if (value === undefined || !("FuncCall" in value)) return false;
  const [schema, name, ...others] = listedParts(value.FuncCall.funcname);
  return schema === "pg_catalog" && name !== undefined && WRITES.includes(name) && others.length === 0;
}
