/** The actions of ALTER TABLE as a table of facts: the mode each takes, and whether what inherits takes it too. */

import type { AlterTableCmd, AlterTableType, Constraint } from "libpg-query";
import type { Relation } from "../catalog/catalog.ts";
import type { LockMode } from "./impact.ts";
import { optionsMode } from "./option_modes.ts";

export interface ActionFacts {
  readonly mode: LockMode;
  /** Whether the action goes down to the tables that inherit; `partitions`: only to those of a partitioned table. */
  readonly children: "all" | "partitions" | "none";
}

const AX: LockMode = "AccessExclusiveLock";
const SRX: LockMode = "ShareRowExclusiveLock";
const SUX: LockMode = "ShareUpdateExclusiveLock";

/** An action that is not here takes the strongest lock, for itself alone. */
const ACTIONS: Partial<Readonly<Record<AlterTableType, ActionFacts>>> = {
  AT_AddColumn: { mode: AX, children: "all" },
  AT_DropColumn: { mode: AX, children: "all" },
  AT_ColumnDefault: { mode: AX, children: "all" },
  AT_SetNotNull: { mode: AX, children: "all" },
  AT_DropNotNull: { mode: AX, children: "all" },
  AT_SetExpression: { mode: AX, children: "all" },
  AT_DropExpression: { mode: AX, children: "all" },
  AT_SetStorage: { mode: AX, children: "all" },
  AT_SetStatistics: { mode: SUX, children: "all" },
  AT_SetOptions: { mode: SUX, children: "none" },
  AT_ResetOptions: { mode: SUX, children: "none" },
  AT_ClusterOn: { mode: SUX, children: "none" },
  AT_DropCluster: { mode: SUX, children: "none" },
  AT_AlterColumnType: { mode: AX, children: "all" },
  AT_ValidateConstraint: { mode: SUX, children: "none" },
  AT_EnableTrig: { mode: SRX, children: "partitions" },
  AT_EnableAlwaysTrig: { mode: SRX, children: "partitions" },
  AT_EnableReplicaTrig: { mode: SRX, children: "partitions" },
  AT_EnableTrigAll: { mode: SRX, children: "partitions" },
  AT_EnableTrigUser: { mode: SRX, children: "partitions" },
  AT_DisableTrig: { mode: SRX, children: "partitions" },
  AT_DisableTrigAll: { mode: SRX, children: "partitions" },
  AT_DisableTrigUser: { mode: SRX, children: "partitions" },
  AT_AttachPartition: { mode: SUX, children: "none" },
  AT_DetachPartitionFinalize: { mode: SUX, children: "none" },
};

export interface ActionOn {
  readonly table: Relation;
  readonly postgresVersion: number;
}

export function actionFacts(command: AlterTableCmd, on: ActionOn): ActionFacts {
  const { subtype = "AT_AddColumn", def } = command;
  const options = optionsMode(command, on.table.kind);
  if (options !== null) return { mode: options, children: "none" };
  if (subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def) {
    return constraintFacts(def.Constraint, on);
  }
  if (subtype === "AT_DetachPartition" && def !== undefined && "PartitionCmd" in def) {
    return { mode: def.PartitionCmd.concurrent ? SUX : AX, children: "none" };
  }
  return ACTIONS[subtype] ?? { mode: AX, children: "none" };
}

function constraintFacts(constraint: Constraint, { table, postgresVersion }: ActionOn): ActionFacts {
  switch (constraint.contype) {
    case "CONSTR_FOREIGN":
      return { mode: SRX, children: "partitions" };
    case "CONSTR_CHECK":
      return { mode: AX, children: constraint.is_no_inherit && postgresVersion < 18 ? "none" : "all" };
    case "CONSTR_NOTNULL":
      return { mode: AX, children: "all" };
    case "CONSTR_PRIMARY":
      return { mode: AX, children: needsNotNull(constraint, { table, postgresVersion }) ? "all" : "none" };
    default:
      // Since 18 what inherits is locked even where it gets nothing.
      return { mode: AX, children: postgresVersion >= 18 && constraint.indexname === undefined ? "all" : "none" };
  }
}

/** Since 18 the NOT NULL of a primary key is a constraint, which goes down even where the columns have it already. */
function needsNotNull({ keys = [] }: Constraint, { table, postgresVersion }: ActionOn): boolean {
  return postgresVersion >= 18 || keys.some((key) => {
    const name = "String" in key ? key.String.sval : undefined;
    return table.columns.find((column) => column.name === name)?.notNull !== true;
  });
}
