/** What a statement of a file without a transaction leaves behind, and what can be found out of it after a crash. */

import type { Node } from "libpg-query";
import { listedParts } from "./identifiers.ts";
import { isOn } from "./option_values.ts";
import { needsNoTransaction } from "./outside_transaction.ts";
import type { Statement } from "./parser.ts";
import { droppedRelations, madeTemporary } from "./temporary_objects.ts";

/** CREATE INDEX CONCURRENTLY. */
export interface IndexBuild {
  readonly kind: "build-index";
  /** As the statement gives it; null where search_path decides. An index is in the schema of its table. */
  readonly schema: string | null;
  /** null where the server chooses the name. */
  readonly name: string | null;
  readonly table: string;
}

/** DROP INDEX CONCURRENTLY, which takes one index. */
export interface IndexDrop {
  readonly kind: "drop-index";
  readonly schema: string | null;
  readonly name: string;
}

/** REINDEX … CONCURRENTLY. */
export interface Reindex {
  readonly kind: "reindex";
  readonly scope: "index" | "table" | "schema" | "database";
  readonly schema: string | null;
  /** Of the index, table or schema; null for the database. */
  readonly name: string | null;
}

/** May run in a transaction, and so in one with the note that it is done: whole, or not at all. */
export interface Atomic {
  readonly kind: "atomic";
  /** The temporary object that it makes, which ends with its session. */
  readonly makesTemporary?: string;
  /** The tables, views and sequences that it drops. */
  readonly drops?: readonly string[];
}

export type StatementEffect =
  /** SET and the like: gone with its session, so it is sent again in the next one. */
  | { readonly kind: "session" }
  /** Nothing of it is left behind its transaction, nor would the server take it without one: LOCK, SET LOCAL, … */
  | { readonly kind: "transient" }
  /** BEGIN, COMMIT and the like, of the file's own. */
  | { readonly kind: "block"; readonly ends: "commit" | "rollback" | null }
  | Atomic
  | IndexBuild
  | IndexDrop
  | Reindex
  /** VACUUM and the like: it changes no data, so that a second time does no harm. */
  | { readonly kind: "repeatable" }
  /** Commits on its way, or nobody knows: CALL, DO, DETACH PARTITION CONCURRENTLY, CREATE DATABASE, … */
  | { readonly kind: "opaque" };

const SESSION_KINDS: ReadonlySet<string> = new Set([
  "VariableSetStmt",
  "PrepareStmt",
  "DeallocateStmt",
  "ListenStmt",
  "UnlistenStmt",
  "LoadStmt",
  "DiscardStmt",
]);

/** A transaction of ours would let pass what the server refuses of these without one. */
const TRANSIENT_KINDS: ReadonlySet<string> = new Set([
  "VariableShowStmt",
  "LockStmt",
  "DeclareCursorStmt",
  "ConstraintsSetStmt",
]);

const REPEATABLE_KINDS: ReadonlySet<string> = new Set(["VacuumStmt", "ClusterStmt", "ReindexStmt", "AlterSystemStmt"]);

export function statementEffect(statement: Statement): StatementEffect {
  const { kind, node } = statement;
  if (kind === "TransactionStmt") {
    if (node.kind?.endsWith("_PREPARED")) return { kind: "opaque" };
    return { kind: "block", ends: endOf(node.kind, node.chain === true) };
  }
  if (TRANSIENT_KINDS.has(kind) || setsLocally(statement)) return { kind: "transient" };
  if (SESSION_KINDS.has(kind) || setsConfig(statement)) return { kind: "session" };
  if (kind === "IndexStmt" && node.concurrent) {
    const { schemaname, relname } = node.relation ?? {};
    return { kind: "build-index", schema: schemaname ?? null, name: node.idxname ?? null, table: relname ?? "" };
  }
  if (kind === "DropStmt" && node.concurrent) return dropOf(node.objects);
  if (kind === "ReindexStmt" && isOn(node.params, "concurrently", false)) return reindexOf(statement);
  if (kind === "CallStmt" || kind === "DoStmt") return { kind: "opaque" };
  if (needsNoTransaction(statement) === null) return atomic(statement);
  return { kind: REPEATABLE_KINDS.has(kind) ? "repeatable" : "opaque" };
}

function atomic(statement: Statement): Atomic {
  const made = madeTemporary(statement);
  const drops = droppedRelations(statement);
  return {
    kind: "atomic",
    ...made === null ? {} : { makesTemporary: made },
    ...drops.length === 0 ? {} : { drops },
  };
}

function endOf(kind: string | undefined, chain: boolean): "commit" | "rollback" | null {
  if (chain) return null;
  return kind === "TRANS_STMT_COMMIT" ? "commit" : kind === "TRANS_STMT_ROLLBACK" ? "rollback" : null;
}

/** SET LOCAL, SET TRANSACTION, and set_config where it does the same. */
function setsLocally(statement: Statement): boolean {
  if (statement.kind === "VariableSetStmt") {
    const { is_local: isLocal, name = "" } = statement.node;
    return isLocal === true || name === "TRANSACTION" || name === "TRANSACTION SNAPSHOT";
  }
  return configCalls(statement)?.every(([, , isLocal]) => isTrue(isLocal)) ?? false;
}

/** `SELECT pg_catalog.set_config('search_path', '', false)`, as pg_dump writes it. */
function setsConfig(statement: Statement): boolean {
  return configCalls(statement) !== null;
}

/** The arguments of each call, where a statement calls set_config and does nothing else. */
function configCalls({ kind, node }: Statement): readonly (readonly Node[])[] | null {
  if (kind !== "SelectStmt" || node.fromClause !== undefined || node.targetList === undefined) return null;
  const calls: (readonly Node[])[] = [];
  for (const target of node.targetList) {
    const value = "ResTarget" in target ? target.ResTarget.val : undefined;
    if (value === undefined || !("FuncCall" in value)) return null;
    const { funcname, args = [] } = value.FuncCall;
    if (listedParts(funcname).at(-1) !== "set_config" || !args.every((arg) => "A_Const" in arg)) return null;
    calls.push(args);
  }
  return calls;
}

function isTrue(node: Node | undefined): boolean {
  return node !== undefined && "A_Const" in node && node.A_Const.boolval?.boolval === true;
}

function dropOf(objects: readonly Node[] | undefined): StatementEffect {
  const [first, ...others] = objects ?? [];
  const parts = first !== undefined && "List" in first ? listedParts(first.List.items) : [];
  const name = parts.at(-1);
  // The server takes no more than one.
  if (name === undefined || others.length > 0) return { kind: "opaque" };
  return { kind: "drop-index", schema: parts.at(-2) ?? null, name };
}

const SCOPES: Readonly<Record<string, Reindex["scope"]>> = {
  REINDEX_OBJECT_INDEX: "index",
  REINDEX_OBJECT_TABLE: "table",
  REINDEX_OBJECT_SCHEMA: "schema",
  REINDEX_OBJECT_DATABASE: "database",
};

function reindexOf({ kind, node }: Statement): StatementEffect {
  const scope = kind === "ReindexStmt" ? SCOPES[node.kind ?? ""] : undefined;
  // REINDEX SYSTEM CONCURRENTLY is refused by the server.
  if (kind !== "ReindexStmt" || scope === undefined) return { kind: "opaque" };
  const { schemaname, relname } = node.relation ?? {};
  return { kind: "reindex", scope, schema: schemaname ?? null, name: relname ?? node.name ?? null };
}
