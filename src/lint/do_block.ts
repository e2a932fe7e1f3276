/** DO blocks as rules see what stands in them. */

import type { Statement } from "../sql/parser.ts";
import { statementsIn } from "../sql/routine_body.ts";
import type { EarlierStatement, LintedFile, Problem } from "./rule.ts";
import { earlierInTransaction } from "./same_transaction.ts";

/** What stands around a statement, to which those that have been looked at are added. */
export interface Around extends LintedFile {
  readonly earlier: EarlierStatement[];
}

/** A file for the statements of one of its blocks, which always run in a transaction. */
export function insideBlock(block: Statement, file: LintedFile): Around {
  const own = block.kind === "DoStmt" ? statementsIn(file.bodies.get(block.node) ?? null) : [];
  return {
    ...file,
    directives: { ...file.directives, noTransaction: false },
    earlier: [...earlierInTransaction(file)],
    statements: file.statements.flatMap((statement) => statement === block ? own : [statement]),
    block,
  };
}

/** These may read variables of the block, so that their safe form would be none outside of it. */
const READ_VARIABLES: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CreateTableAsStmt",
]);

/** What can be done about a statement of a block: a person must do it, for the block is written round the statement. */
export function withinBlock({ safeForm }: Problem, { kind }: Statement): Pick<Problem, "safeForm" | "fix"> {
  return { safeForm: READ_VARIABLES.has(kind) ? null : safeForm, fix: null };
}
