/** What a statement locks, scans and rewrites, by the catalog as it is before it. */

import type { Catalog } from "../catalog/catalog.ts";
import type { Statement } from "../sql/parser.ts";
import { alterTable } from "./alter_table.ts";
import { Effects, type Scope } from "./effects.ts";
import type { Impact } from "./impact.ts";
import { cluster, createIndex, reindex } from "./indexes.ts";
import { drop } from "./drops.ts";
import { lockTables, refresh, truncate, vacuum } from "./maintenance.ts";
import { query } from "./queries.ts";

export interface ImpactOptions {
  /** The major version of the server: 14 to 18. */
  readonly postgresVersion: number;
}

/**
 * Judges one statement. The catalog is not changed; nothing is thrown for what a statement holds, and one that the
 * server would refuse has the impact of what it does before it is refused, or none.
 */
export function impactOf(statement: Statement, catalog: Catalog, { postgresVersion }: ImpactOptions): Impact {
  const effects = new Effects();
  judge({ catalog, postgresVersion, effects }, statement);
  return effects.impact();
}

function judge(scope: Scope, { kind, node }: Statement): void {
  switch (kind) {
    case "AlterTableStmt":
      return alterTable(scope, node);
    case "IndexStmt":
      return createIndex(scope, node);
    case "ReindexStmt":
      return reindex(scope, node);
    case "ClusterStmt":
      return cluster(scope, node);
    case "VacuumStmt":
      return vacuum(scope, node);
    case "TruncateStmt":
      return truncate(scope, node);
    case "LockStmt":
      return lockTables(scope, node);
    case "RefreshMatViewStmt":
      return refresh(scope, node);
    case "DropStmt":
      return drop(scope, node);
    case "SelectStmt":
      return query(scope, { SelectStmt: node });
    case "InsertStmt":
      return query(scope, { InsertStmt: node });
    case "UpdateStmt":
      return query(scope, { UpdateStmt: node });
    case "DeleteStmt":
      return query(scope, { DeleteStmt: node });
    case "MergeStmt":
      return query(scope, { MergeStmt: node });
  }
}
