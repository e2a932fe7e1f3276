/** Statements of which the text does not say what they do. */

import type { Statement } from "../sql/parser.ts";

const REASONS: Partial<Readonly<Record<Statement["kind"], string>>> = {
  DoStmt: "What a DO block does shows when it runs",
  CallStmt: "What a procedure does shows when it runs",
  ExecuteStmt: "What a prepared statement does shows when it runs",
  CreateExtensionStmt: "What the script of an extension does shows when it runs",
  AlterExtensionStmt: "What the script of an extension does shows when it runs",
  DropOwnedStmt: "What a role owns shows when it runs",
  ReassignOwnedStmt: "What a role owns shows when it runs",
  AlterTableMoveAllStmt: "What is in a tablespace shows when it runs",
  ImportForeignSchemaStmt: "What the foreign server has shows when it runs",
  AlterSubscriptionStmt: "What the publication on the other side has shows when it runs",
  CreateSubscriptionStmt: "What the publication on the other side has shows when it runs",
};

/** Why nobody can know what a statement of this kind does; null for all others. */
export function whyUnknowable(kind: Statement["kind"]): string | null {
  return REASONS[kind] ?? null;
}
