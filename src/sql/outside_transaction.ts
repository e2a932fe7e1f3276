/** Which statements PostgreSQL refuses to run inside a transaction block (its own check: PreventInTransactionBlock). */

import { isOn, option, optionText } from "./option_values.ts";
import type { Statement } from "./parser.ts";

/**
 * The name of a statement that cannot run inside a transaction block, such as `CREATE INDEX CONCURRENTLY`; null for one
 * that can.
 *
 * Some depend on what is in the database (`CLUSTER` of a partitioned table, `CALL` of a procedure that commits): those
 * are left for the server to refuse, which it does cleanly.
 *
 * @param earlier The statements before it in the same file.
 */
export function needsNoTransaction(statement: Statement, earlier: readonly Statement[] = []): string | null {
  const { kind, node } = statement;
  switch (kind) {
    case "IndexStmt":
      return node.concurrent ? "CREATE INDEX CONCURRENTLY" : null;
    case "DropStmt":
      return node.concurrent ? "DROP INDEX CONCURRENTLY" : null;
    case "ReindexStmt":
      if (isOn(node.params, "concurrently", false)) return "REINDEX CONCURRENTLY";
      return REINDEX_OF_MANY[node.kind ?? ""] ?? null;
    case "VacuumStmt":
      return node.is_vacuumcmd ? "VACUUM" : null;
    case "ClusterStmt":
      return node.relation === undefined ? "CLUSTER without a table" : null;
    case "AlterTableStmt":
      return detachesConcurrently(statement) ? "ALTER TABLE … DETACH PARTITION … CONCURRENTLY" : null;
    case "AlterDatabaseStmt":
      return option(node.options, "tablespace") === null ? null : "ALTER DATABASE … SET TABLESPACE";
    case "DiscardStmt":
      return node.target === "DISCARD_ALL" ? "DISCARD ALL" : null;
    case "CreateSubscriptionStmt":
    case "AlterSubscriptionStmt":
    case "DropSubscriptionStmt":
      return subscription(statement, earlier);
    default:
      return NEVER_INSIDE[kind] ?? null;
  }
}

const REINDEX_OF_MANY: Readonly<Record<string, string>> = {
  REINDEX_OBJECT_SCHEMA: "REINDEX SCHEMA",
  REINDEX_OBJECT_SYSTEM: "REINDEX SYSTEM",
  REINDEX_OBJECT_DATABASE: "REINDEX DATABASE",
};

const NEVER_INSIDE: Readonly<Record<string, string>> = {
  CreatedbStmt: "CREATE DATABASE",
  DropdbStmt: "DROP DATABASE",
  CreateTableSpaceStmt: "CREATE TABLESPACE",
  DropTableSpaceStmt: "DROP TABLESPACE",
  AlterSystemStmt: "ALTER SYSTEM",
};

function detachesConcurrently(statement: Statement): boolean {
  if (statement.kind !== "AlterTableStmt") return false;
  return (statement.node.cmds ?? []).some((command) => {
    const definition = "AlterTableCmd" in command ? command.AlterTableCmd.def : undefined;
    return definition !== undefined && "PartitionCmd" in definition && definition.PartitionCmd.concurrent === true;
  });
}

/** As the pages of CREATE, ALTER and DROP SUBSCRIPTION in PostgreSQL's documentation say it. */
function subscription(statement: Statement, earlier: readonly Statement[]): string | null {
  if (statement.kind === "CreateSubscriptionStmt") {
    const { options } = statement.node;
    const connects = isOn(options, "connect", true);
    return isOn(options, "create_slot", connects) ? "CREATE SUBSCRIPTION that makes a replication slot" : null;
  }
  if (statement.kind === "DropSubscriptionStmt") {
    const { subname } = statement.node;
    const detached = earlier.some((before) =>
      before.kind === "AlterSubscriptionStmt" && before.node.subname === subname && unsetsSlot(before)
    );
    return detached ? null : "DROP SUBSCRIPTION with a replication slot";
  }
  return statement.kind === "AlterSubscriptionStmt" ? alterSubscription(statement) : null;
}

function unsetsSlot({ node }: Statement & { kind: "AlterSubscriptionStmt" }): boolean {
  const slot = option(node.options, "slot_name");
  return slot !== null && optionText(slot) === "none";
}

function alterSubscription({ node }: Statement & { kind: "AlterSubscriptionStmt" }): string | null {
  switch (node.kind) {
    case "ALTER_SUBSCRIPTION_REFRESH":
      return "ALTER SUBSCRIPTION … REFRESH PUBLICATION";
    case "ALTER_SUBSCRIPTION_SET_PUBLICATION":
    case "ALTER_SUBSCRIPTION_ADD_PUBLICATION":
    case "ALTER_SUBSCRIPTION_DROP_PUBLICATION":
      return isOn(node.options, "refresh", true) ? "ALTER SUBSCRIPTION … PUBLICATION with refresh" : null;
    case "ALTER_SUBSCRIPTION_OPTIONS":
      if (option(node.options, "failover") !== null) return "ALTER SUBSCRIPTION … SET (failover)";
      return isOn(node.options, "two_phase", true) ? null : "ALTER SUBSCRIPTION … SET (two_phase = false)";
    default:
      return null;
  }
}
