/** What takes a statement back, where that is certain. */

import type { Statement } from "./parser.ts";
import { undoAlterTable } from "./undo_alter_table.ts";
import { undoCreate } from "./undo_create.ts";
import { undoRename } from "./undo_rename.ts";

export interface Undo {
  /** One statement, without its `;`. */
  readonly sql: string;
  /** What it does not bring back, as a sentence. */
  readonly note?: string;
}

/**
 * The statement that takes a statement back, or null where the statement alone does not say: `IF NOT EXISTS` and `OR
 * REPLACE` may have met something older, and a name that the server chooses is not in the text.
 */
export function undo(statement: Statement): Undo | null {
  if (statement.kind === "AlterTableStmt") return undoAlterTable(statement.node);
  const sql = statement.kind === "RenameStmt" || statement.kind === "AlterEnumStmt"
    ? undoRename(statement)
    : undoCreate(statement);
  return sql === null ? null : { sql };
}
