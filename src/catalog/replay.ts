/** What statements make of a catalog, so that a directory of migrations can be known without a server. */

import type {
  CreateEnumStmt,
  CreateExtensionStmt,
  CreateSchemaStmt,
  DefineStmt,
  DiscardStmt,
  SelectStmt,
} from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import type { Catalog } from "./catalog.ts";
import { replayAlterTable } from "./replay_alter_table.ts";
import { replayComment, replayGrant, replayPolicy, replayStatistics, replayTrigger } from "./replay_attached.ts";
import { replayCreateTable } from "./replay_create_table.ts";
import { replayDrop } from "./replay_drop.ts";
import { replayAlterFunction, replayCreateAggregate, replayCreateFunction } from "./replay_function.ts";
import { replayCreateIndex } from "./replay_index.ts";
import { replayRename, replaySetSchema } from "./replay_rename.ts";
import { replayAlterSequence, replayCreateSequence } from "./replay_sequence.ts";
import { dropTemporary, replaySet, replaySetConfig, resetSession } from "./replay_settings.ts";
import {
  replayAlterDomain,
  replayAlterEnum,
  replayCompositeType,
  replayCreateDomain,
  replayCreateRange,
  replayCreateType,
} from "./replay_type.ts";
import { replayRefresh, replaySelectInto, replayTableAs, replayView } from "./replay_view.ts";

type Kind = Statement["kind"];
type Replay<Node> = (catalog: Catalog, node: Node, by: bigint | null) => void;

/** Every kind of statement that changes what a catalog knows. */
const REPLAYS: { readonly [One in Kind]?: Replay<Extract<Statement, { kind: One }>["node"]> } = {
  AlterDomainStmt: replayAlterDomain,
  AlterEnumStmt: replayAlterEnum,
  AlterFunctionStmt: replayAlterFunction,
  AlterObjectSchemaStmt: replaySetSchema,
  AlterSeqStmt: replayAlterSequence,
  AlterTableStmt: replayAlterTable,
  CommentStmt: replayComment,
  CompositeTypeStmt: replayCompositeType,
  CreateDomainStmt: replayCreateDomain,
  CreateEnumStmt: replayCreateEnum,
  CreateExtensionStmt: replayCreateExtension,
  CreateForeignTableStmt: (catalog, { base }, by) => replayCreateTable(catalog, base ?? {}, { by, isForeign: true }),
  CreateFunctionStmt: replayCreateFunction,
  CreatePolicyStmt: replayPolicy,
  CreateRangeStmt: replayCreateRange,
  CreateSchemaStmt: replayCreateSchema,
  CreateSeqStmt: replayCreateSequence,
  CreateStmt: (catalog, node, by) => replayCreateTable(catalog, node, { by }),
  CreateStatsStmt: replayStatistics,
  CreateTableAsStmt: replayTableAs,
  CreateTrigStmt: replayTrigger,
  DefineStmt: replayDefine,
  DiscardStmt: replayDiscard,
  DropStmt: replayDrop,
  GrantStmt: replayGrant,
  IndexStmt: replayCreateIndex,
  RefreshMatViewStmt: replayRefresh,
  RenameStmt: replayRename,
  SelectStmt: replaySelect,
  VariableSetStmt: replaySet,
  ViewStmt: replayView,
};

/**
 * Changes a catalog as the server would change its own on running the statement. A statement that the server would
 * refuse, for what is known, changes nothing or as little as can be; this never throws. What runs inside of functions,
 * procedures and DO blocks changes nothing.
 *
 * Constraints are as on 18, where NOT NULL is one with a name.
 *
 * @param by the version of the migration that the statement stands in; null for one that is none
 */
export function replay(catalog: Catalog, { kind, node }: Statement, by: bigint | null): void {
  const replayOne = REPLAYS[kind] as Replay<typeof node> | undefined;
  replayOne?.(catalog, node, by);
}

function replayCreateEnum(catalog: Catalog, { typeName, vals }: CreateEnumStmt, by: bigint | null): void {
  const values = listedParts(vals).map((value) => ({ value, addedBy: null }));
  replayCreateType(catalog, typeName, { kind: "enum", madeBy: by, values });
}

function replayCreateExtension(catalog: Catalog, { extname }: CreateExtensionStmt): void {
  if (extname !== undefined) catalog.extensions.add(extname);
}

function replayDefine(catalog: Catalog, node: DefineStmt, by: bigint | null): void {
  if (node.kind === "OBJECT_TYPE") replayCreateType(catalog, node.defnames, { kind: "other", madeBy: by });
  else if (node.kind === "OBJECT_AGGREGATE") replayCreateAggregate(catalog, node, by);
}

function replayDiscard(catalog: Catalog, { target }: DiscardStmt): void {
  if (target === "DISCARD_ALL") resetSession(catalog);
  else if (target === "DISCARD_TEMP") dropTemporary(catalog);
}

function replaySelect(catalog: Catalog, node: SelectStmt, by: bigint | null): void {
  replaySelectInto(catalog, node, by);
  replaySetConfig(catalog, node);
}

/** CREATE SCHEMA with statements in it, which are run with that schema before the path. */
function replayCreateSchema(catalog: Catalog, node: CreateSchemaStmt, by: bigint | null): void {
  const schema = node.schemaname ?? node.authrole?.rolename;
  if (schema === undefined || node.schemaElts === undefined) return;
  const { searchPath } = catalog;
  catalog.searchPath = [schema, ...searchPath];
  for (const element of node.schemaElts) {
    const [kind, own] = Object.entries(element)[0] ?? [];
    if (kind !== undefined) replay(catalog, { kind, node: own, start: 0, end: 0, text: "" } as Statement, by);
  }
  catalog.searchPath = searchPath;
}
