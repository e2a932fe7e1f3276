import type { PartitionCmd } from "libpg-query";
import { isSame, resolveRelation } from "../../catalog/resolve.ts";
import { isAlterTable } from "../alter_table_actions.ts";
import { isInUse } from "../in_use.ts";
import { defaultPartition, proofSteps, type Unproven } from "../partition_steps.ts";
import type { LintedStatement, Rule } from "../rule.ts";
import { writeSafeForm } from "../safe_form.ts";
import { listOf, shownName } from "../shown_name.ts";

export const attachPartitionUnproven: Rule = {
  id: "attach-partition-unproven",
  severity: "error",
  fires: "ATTACH PARTITION of a table without a CHECK that proves its bound",
  why: "The server reads all of the new partition to see that each row is within the bound, and all of the default " +
    "partition to see that it holds none of them, both under an ACCESS EXCLUSIVE lock: who reads or writes these tables waits " +
    "until the last row is read.",
  instead:
    "Add a CHECK with the bound as its condition, NOT VALID, and validate it in a migration behind that one, while " +
    "others read and write. The server takes it as a proof and reads nothing. For the default partition the condition is " +
    "the opposite. Drop the CHECK afterwards.",
  source: "https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE",
  examples: [{
    before: [
      "CREATE TABLE events (at timestamptz NOT NULL, kind text) PARTITION BY RANGE (at);",
      "CREATE TABLE events_2026 (at timestamptz NOT NULL, kind text);",
    ],
    bad: "ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
    good: [
      `ALTER TABLE events_2026 ADD CONSTRAINT events_2026_bound_check
  CHECK (at IS NOT NULL AND at >= '2026-01-01' AND at < '2027-01-01') NOT VALID;`,
      "ALTER TABLE events_2026 VALIDATE CONSTRAINT events_2026_bound_check;",
      `ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
ALTER TABLE events_2026 DROP CONSTRAINT events_2026_bound_check;`,
    ],
  }],
  check: (linted, file) => {
    const { statement, impact, catalog } = linted;
    const attached = attachedPartition(linted);
    if (attached === null) return [];
    const { parent, child, command } = attached;
    const candidates: Unproven[] = [{ relation: child, role: "new" }];
    const other = defaultPartition(parent, catalog);
    if (other !== null) candidates.push({ relation: other, role: "default" });
    const unproven = candidates.filter(({ relation }) =>
      isInUse(relation, file) && impact.scans.some((scan) => isSame(scan.relation, relation))
    );
    if (unproven.length === 0) return [];
    const from = command.name?.location ?? statement.start;
    const proof = proofSteps({ statement, bound: command.bound ?? {}, parent, from }, unproven);
    const attach = [`${statement.text};`, ...(proof?.after ?? [])].join("\n");
    return [{
      message: messageOf(unproven),
      safeForm: proof === null ? null : writeSafeForm([
        ...proof.before,
        { title: "attach it, and drop what is proven", sql: attach, noTransaction: false },
      ]),
      fix: null,
    }];
  },
};

function messageOf(unproven: readonly Unproven[]): string {
  const names = unproven.map(({ relation }) => shownName(relation));
  const proofs = unproven.map(({ role }, index) =>
    role === "new"
      ? `that ${names[index]} keeps within the bound`
      : `that ${names[index]} has no row of the new partition`
  );
  return `Readers and writers of ${listOf(names)} wait while ${
    names.length === 1 ? "it" : "each"
  } is read whole: no CHECK ` +
    `proves ${listOf(proofs)}.`;
}

function attachedPartition({ statement, catalog }: LintedStatement) {
  if (!isAlterTable(statement)) return null;
  const command = (statement.node.cmds ?? []).flatMap((node): readonly PartitionCmd[] => {
    if (!("AlterTableCmd" in node) || node.AlterTableCmd.subtype !== "AT_AttachPartition") return [];
    const { def } = node.AlterTableCmd;
    return def !== undefined && "PartitionCmd" in def ? [def.PartitionCmd] : [];
  })[0];
  if (command?.name === undefined) return null;
  const parent = resolveRelation(catalog, statement.node.relation!);
  const child = resolveRelation(catalog, command.name);
  return parent === null || child === null ? null : { parent, child, command };
}
