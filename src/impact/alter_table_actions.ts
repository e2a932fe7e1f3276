/** The actions of ALTER TABLE as a table of facts: the mode each takes, and whether what inherits takes it too. */

import type { AlterTableType } from "libpg-query";
import type { LockMode } from "./impact.ts";

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
  AT_SetRelOptions: { mode: SUX, children: "none" },
  AT_ResetRelOptions: { mode: SUX, children: "none" },
  AT_ClusterOn: { mode: SUX, children: "none" },
  AT_DropCluster: { mode: SUX, children: "none" },
  AT_AlterColumnType: { mode: AX, children: "all" },
  AT_AddConstraint: { mode: AX, children: "all" },
  AT_DropConstraint: { mode: AX, children: "all" },
  AT_ValidateConstraint: { mode: SUX, children: "all" },
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

export function actionFacts(action: AlterTableType): ActionFacts {
  return ACTIONS[action] ?? { mode: AX, children: "none" };
}
