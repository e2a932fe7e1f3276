import { impactOf } from "../impact/impact_of.ts";
import type { Impact } from "../impact/impact.ts";
import type { AlterTableAction } from "./alter_table_actions.ts";
import type { LintedFile, LintedStatement } from "./rule.ts";

/** What one action of an ALTER TABLE would do by itself. */
export function actionImpact(
  { statement, impact, catalog }: LintedStatement,
  { command }: AlterTableAction,
  { postgresVersion }: Pick<LintedFile, "postgresVersion">,
): Impact {
  if (statement.kind !== "AlterTableStmt" || statement.node.cmds?.length === 1) return impact;
  const alone = { ...statement, node: { ...statement.node, cmds: [{ AlterTableCmd: command }] } };
  return impactOf(alone, catalog, { postgresVersion });
}
