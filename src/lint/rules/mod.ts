/** All rules of `lint`, sorted by id. */

import type { Rule } from "../rule.ts";
import { attachPartitionUnproven } from "./attach_partition_unproven.ts";
import { cluster } from "./cluster.ts";
import { concurrentIfNotExists } from "./concurrent_if_not_exists.ts";
import { concurrentlyInTransaction } from "./concurrently_in_transaction.ts";
import { createIndexNonconcurrent } from "./create_index_nonconcurrent.ts";
import { createPartitionOf } from "./create_partition_of.ts";
import { detachNonconcurrent } from "./detach_nonconcurrent.ts";
import { dmlWithDdl } from "./dml_with_ddl.ts";
import { dropIndexNonconcurrent } from "./drop_index_nonconcurrent.ts";
import { refreshMatview } from "./refresh_matview.ts";
import { reindexNonconcurrent } from "./reindex_nonconcurrent.ts";
import { statementUnderAccessExclusive } from "./statement_under_access_exclusive.ts";
import { transactionInFile } from "./transaction_in_file.ts";
import { unbatchedDml } from "./unbatched_dml.ts";
import { vacuumFull } from "./vacuum_full.ts";
import { wideLockWindow } from "./wide_lock_window.ts";

export const RULES: readonly Rule[] = [
  attachPartitionUnproven,
  cluster,
  concurrentIfNotExists,
  concurrentlyInTransaction,
  createIndexNonconcurrent,
  createPartitionOf,
  detachNonconcurrent,
  dmlWithDdl,
  dropIndexNonconcurrent,
  refreshMatview,
  reindexNonconcurrent,
  statementUnderAccessExclusive,
  transactionInFile,
  unbatchedDml,
  vacuumFull,
  wideLockWindow,
];
