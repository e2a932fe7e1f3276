/** All rules of `lint`, sorted by id. */

import type { Rule } from "../rule.ts";
import { addCheckValid } from "./add_check_valid.ts";
import { addColumnConstrainedDomain } from "./add_column_constrained_domain.ts";
import { addColumnSerialIdentity } from "./add_column_serial_identity.ts";
import { addColumnVolatileDefault } from "./add_column_volatile_default.ts";
import { addColumnWithoutDefault } from "./add_column_without_default.ts";
import { addExclusion } from "./add_exclusion.ts";
import { addFkValid } from "./add_fk_valid.ts";
import { addGeneratedStored } from "./add_generated_stored.ts";
import { addPk } from "./add_pk.ts";
import { addRequiredColumn } from "./add_required_column.ts";
import { addUnique } from "./add_unique.ts";
import { attachPartitionUnproven } from "./attach_partition_unproven.ts";
import { changeColumnType } from "./change_column_type.ts";
import { cluster } from "./cluster.ts";
import { concurrentIfNotExists } from "./concurrent_if_not_exists.ts";
import { concurrentlyInTransaction } from "./concurrently_in_transaction.ts";
import { concurrentlyRefused } from "./concurrently_refused.ts";
import { createIndexNonconcurrent } from "./create_index_nonconcurrent.ts";
import { createPartitionOf } from "./create_partition_of.ts";
import { detachNonconcurrent } from "./detach_nonconcurrent.ts";
import { dmlWithDdl } from "./dml_with_ddl.ts";
import { domainConstraint } from "./domain_constraint.ts";
import { dropColumn } from "./drop_column.ts";
import { dropIndexNonconcurrent } from "./drop_index_nonconcurrent.ts";
import { dropNotNull } from "./drop_not_null.ts";
import { dropTable } from "./drop_table.ts";
import { dropTableWithFk } from "./drop_table_with_fk.ts";
import { enumValueUsed } from "./enum_value_used.ts";
import { refreshMatview } from "./refresh_matview.ts";
import { reindexNonconcurrent } from "./reindex_nonconcurrent.ts";
import { renameColumn } from "./rename_column.ts";
import { renameTable } from "./rename_table.ts";
import { rewriteTable } from "./rewrite_table.ts";
import { searchPathChange } from "./search_path_change.ts";
import { setNotNull } from "./set_not_null.ts";
import { statementUnderAccessExclusive } from "./statement_under_access_exclusive.ts";
import { transactionInFile } from "./transaction_in_file.ts";
import { truncateCascade } from "./truncate_cascade.ts";
import { unbatchedDml } from "./unbatched_dml.ts";
import { unknownEffect } from "./unknown_effect.ts";
import { vacuumFull } from "./vacuum_full.ts";
import { validateSameTransaction } from "./validate_same_transaction.ts";
import { wideLockWindow } from "./wide_lock_window.ts";

export const RULES: readonly Rule[] = [
  addCheckValid,
  addColumnConstrainedDomain,
  addColumnSerialIdentity,
  addColumnVolatileDefault,
  addColumnWithoutDefault,
  addExclusion,
  addFkValid,
  addGeneratedStored,
  addPk,
  addRequiredColumn,
  addUnique,
  attachPartitionUnproven,
  changeColumnType,
  cluster,
  concurrentIfNotExists,
  concurrentlyInTransaction,
  concurrentlyRefused,
  createIndexNonconcurrent,
  createPartitionOf,
  detachNonconcurrent,
  dmlWithDdl,
  domainConstraint,
  dropColumn,
  dropIndexNonconcurrent,
  dropNotNull,
  dropTable,
  dropTableWithFk,
  enumValueUsed,
  refreshMatview,
  reindexNonconcurrent,
  renameColumn,
  renameTable,
  rewriteTable,
  searchPathChange,
  setNotNull,
  statementUnderAccessExclusive,
  transactionInFile,
  truncateCascade,
  unbatchedDml,
  unknownEffect,
  vacuumFull,
  validateSameTransaction,
  wideLockWindow,
];
