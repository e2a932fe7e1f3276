/** What a statement locks, scans and rewrites, by the catalog as it is before it. */

import type { CreateExtensionStmt, ExplainStmt, Node } from "libpg-query";
import type { Catalog } from "../catalog/catalog.ts";
import { isOn } from "../sql/option_values.ts";
import type { Statement } from "../sql/parser.ts";
import { alterTable } from "./alter_table.ts";
import { copy } from "./copy.ts";
import {
  createRule,
  createSequence,
  createTable,
  createTableAs,
  createTrigger,
  createView,
  lockOne,
} from "./definitions.ts";
import { drop } from "./drops.ts";
import { Effects, type Scope } from "./effects.ts";
import type { Impact } from "./impact.ts";
import { cluster, createIndex, reindex } from "./indexes.ts";
import { lockTables, refresh, truncate, vacuum } from "./maintenance.ts";
import {
  alterDomain,
  alterSequence,
  comment,
  createStatistics,
  grant,
  lockComposite,
  publication,
  rename,
  setSchema,
} from "./object_changes.ts";
import { queriesIn } from "./queries.ts";
import { whyUnknowable } from "./unknowable.ts";

export interface ImpactOptions {
  /** The major version of the server: 14 to 18. */
  readonly postgresVersion: number;
}

/**
 * Judges one statement. The catalog is not changed; nothing is thrown for what a statement holds, and one that the
 * server would refuse has the impact of what it does before it is refused, or none.
 *
 * @param catalog as it is before the statement
 */
export function impactOf(statement: Statement, catalog: Catalog, { postgresVersion }: ImpactOptions): Impact {
  const effects = new Effects();
  judge({ catalog, postgresVersion, effects }, statement);
  return effects.impact();
}

type Kind = Statement["kind"];
type NodeOf<K extends Kind> = Extract<Statement, { readonly kind: K }>["node"];
type Judges = { readonly [K in Kind]?: (scope: Scope, node: NodeOf<K>) => void };

const JUDGES: Judges = {
  AlterTableStmt: alterTable,
  CreateStmt: createTable,
  CreateForeignTableStmt: (scope, { base }) => base === undefined ? undefined : createTable(scope, base),
  CreateSchemaStmt: (scope, { schemaElts = [] }) => schemaElts.forEach((element) => judgeNode(scope, element)),
  CreateTableAsStmt: createTableAs,
  ViewStmt: createView,
  CreateTrigStmt: createTrigger,
  RuleStmt: createRule,
  CreatePolicyStmt: (scope, { table, ...rest }) => policy(scope, { table, rest }),
  AlterPolicyStmt: (scope, { table, ...rest }) => policy(scope, { table, rest }),
  CreateSeqStmt: createSequence,
  AlterSeqStmt: alterSequence,
  CreateStatsStmt: createStatistics,
  CreatePublicationStmt: publication,
  AlterPublicationStmt: publication,
  AlterDomainStmt: alterDomain,
  IndexStmt: createIndex,
  ReindexStmt: reindex,
  ClusterStmt: cluster,
  VacuumStmt: vacuum,
  TruncateStmt: truncate,
  LockStmt: lockTables,
  RefreshMatViewStmt: refresh,
  DropStmt: drop,
  RenameStmt: rename,
  AlterObjectSchemaStmt: setSchema,
  AlterOwnerStmt: (scope, { objectType, object }) => {
    if (objectType === "OBJECT_TYPE") lockComposite(scope, object);
  },
  CommentStmt: comment,
  SecLabelStmt: comment,
  GrantStmt: grant,
  CopyStmt: copy,
  ExplainStmt: explain,
  PrepareStmt: (scope, { query }) => queriesIn(scope, query, "read"),
  DeclareCursorStmt: (scope, { query }) => queriesIn(scope, query, "plan"),
  SelectStmt: (scope, node) => queriesIn(scope, { SelectStmt: node }),
  InsertStmt: (scope, node) => queriesIn(scope, { InsertStmt: node }),
  UpdateStmt: (scope, node) => queriesIn(scope, { UpdateStmt: node }),
  DeleteStmt: (scope, node) => queriesIn(scope, { DeleteStmt: node }),
  MergeStmt: (scope, node) => queriesIn(scope, { MergeStmt: node }),
};

function judge(scope: Scope, { kind, node }: { readonly kind: Kind; readonly node: unknown }): void {
  // The server sees that it is there, and goes no further.
  if (kind === "CreateExtensionStmt") {
    const { extname = "", if_not_exists: ifNotExists } = node as CreateExtensionStmt;
    if (ifNotExists && scope.catalog.extensions.has(extname)) return;
  }
  const why = whyUnknowable(kind);
  if (why !== null) return scope.effects.notKnown(why);
  // Which of the table's functions belongs to which kind is checked where the table is written.
  (JUDGES[kind] as ((scope: Scope, node: unknown) => void) | undefined)?.(scope, node);
}

function judgeNode(scope: Scope, wrapped: Node): void {
  const [[kind, node] = []] = Object.entries(wrapped);
  if (kind !== undefined) judge(scope, { kind: kind as Kind, node });
}

function policy(
  scope: Scope,
  { table, rest }: { readonly table: Parameters<typeof lockOne>[1]; readonly rest: unknown },
): void {
  lockOne(scope, table);
  queriesIn(scope, rest, "read");
}

/** EXPLAIN ANALYZE runs its statement; without it a query is planned, and all others are not even that. */
function explain(scope: Scope, { query, options }: ExplainStmt): void {
  if (query === undefined) return;
  if (isOn(options, "analyze", false)) return judgeNode(scope, query);
  queriesIn(scope, query, "plan");
}
