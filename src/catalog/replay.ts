/** What statements make of a catalog, so that a directory of migrations can be known without a server. */

import type { Statement } from "../sql/parser.ts";
import type { Catalog } from "./catalog.ts";
import { replayAlterTable } from "./replay_alter_table.ts";
import { replayCreateTable } from "./replay_create_table.ts";
import { replayCreateIndex } from "./replay_index.ts";

/**
 * Changes a catalog as the server would change its own on running the statement. A statement that the server would
 * refuse, for what is known, changes nothing or as little as can be; this never throws. What runs inside of functions,
 * procedures and DO blocks is not known and changes nothing.
 *
 * @param by the version of the migration that the statement stands in; null for one that is none
 */
export function replay(catalog: Catalog, statement: Statement, by: bigint | null): void {
  const { kind, node } = statement;
  if (kind === "CreateStmt") replayCreateTable(catalog, node, by);
  else if (kind === "IndexStmt") replayCreateIndex(catalog, node, by);
  else if (kind === "AlterTableStmt") replayAlterTable(catalog, node, by);
}
