/** Statements with a form that locks nobody out, which a rule of their own proposes. */

import type { Statement } from "../sql/parser.ts";

/** Whether the lock that a statement takes for itself is gone once its own rule is followed. */
export function hasConcurrentForm({ kind, node }: Statement): boolean {
  switch (kind) {
    case "DropStmt":
      return node.removeType === "OBJECT_INDEX";
    case "ReindexStmt":
    case "RefreshMatViewStmt":
    case "VacuumStmt":
    case "ClusterStmt":
      return true;
    case "AlterTableStmt":
      return (node.cmds ?? []).some((command) =>
        "AlterTableCmd" in command && command.AlterTableCmd.subtype === "AT_DetachPartition"
      );
    default:
      return false;
  }
}
