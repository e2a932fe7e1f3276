/** How many rows a statement writes, as far as that can be told before it runs. */

import type { RangeVar } from "libpg-query";
import { type Catalog, qualified } from "../catalog/catalog.ts";
import { resolveRelation } from "../catalog/resolve.ts";
import type { Explained } from "../database/explain_statement.ts";
import type { CommittedBatches } from "../impact/committed_batches.ts";
import type { Statement } from "../sql/parser.ts";
import type { ScriptCopy } from "../sql/script.ts";
import { Family, isExisting } from "./touched_relations.ts";
import type { WrittenRows } from "./verdict.ts";

/** The header of a row and the pointer to it, which a row without columns has too. */
const LEAST_ROW_BYTES = 28;

export interface WhatIsKnown {
  /** As it is before the statement. */
  readonly catalog: Catalog;
  /** Its plan; null where the server could not be asked. */
  readonly explained: Explained | null;
  /** The data in the statement's file. */
  readonly copies: readonly ScriptCopy[];
}

/** @returns null for a statement that writes no rows of a relation that was there before the run */
export function writtenRows(statement: Statement, { catalog, explained, copies }: WhatIsKnown): WrittenRows | null {
  const named = targetOf(statement);
  const relation = named === undefined ? null : resolveRelation(catalog, named);
  if (relation === null || !isExisting(relation)) return null;
  const target = { relation: qualified(relation), isNew: insertsOnly(statement) };
  // What the run has emptied, the server's plan still takes for full.
  const changesRows = statement.kind === "UpdateStmt" || statement.kind === "DeleteStmt";
  if (changesRows && relation.rows === 0 && relation.bytes === 0) return { ...target, rows: 0, known: "about" };
  if (explained?.rowsWritten != null) return { ...target, rows: explained.rowsWritten, known: "about" };
  const given = givenRows(statement, copies);
  if (given !== null) return { ...target, rows: given, known: "exactly" };
  const { kind, node } = statement;
  if (kind !== "UpdateStmt" && kind !== "DeleteStmt") return { ...target, rows: null, known: "at-most" };
  const { rows, bytes } = new Family(catalog).sizeOf(relation, { withIndexes: false });
  if (rows !== null) return { ...target, rows, known: node.whereClause === undefined ? "about" : "at-most" };
  return { ...target, rows: bytes === null ? null : Math.floor(bytes / LEAST_ROW_BYTES), known: "at-most" };
}

/** Of the table with the most: each of its rows once, for how often a loop comes to it nobody knows. */
export function rowsOfBatches({ changes }: CommittedBatches, catalog: Catalog): WrittenRows | null {
  const all = changes.flatMap((change) => {
    const named = targetOf(change);
    const relation = named === undefined ? null : resolveRelation(catalog, named);
    if (relation === null || !isExisting(relation)) return [];
    const { rows, bytes } = new Family(catalog).sizeOf(relation, { withIndexes: false });
    const most = rows ?? (bytes === null ? null : Math.floor(bytes / LEAST_ROW_BYTES));
    const isNew = insertsOnly(change);
    return [{ relation: qualified(relation), rows: isNew ? null : most, known: "at-most" as const, isNew }];
  });
  const unknown = all.find(({ rows }) => rows === null);
  return unknown ?? all.toSorted((one, other) => other.rows! - one.rows!)[0] ?? null;
}

function targetOf({ kind, node }: Statement): RangeVar | undefined {
  switch (kind) {
    case "InsertStmt":
    case "UpdateStmt":
    case "DeleteStmt":
    case "MergeStmt":
      return node.relation;
    case "CopyStmt":
      return node.is_from === true ? node.relation : undefined;
    default:
      return undefined;
  }
}

/** ON CONFLICT DO UPDATE writes rows that others know. */
function insertsOnly({ kind, node }: Statement): boolean {
  if (kind === "CopyStmt") return true;
  return kind === "InsertStmt" && node.onConflictClause?.action !== "ONCONFLICT_UPDATE";
}

/** Of an INSERT with VALUES, or of a COPY whose data stands in the file. */
function givenRows({ kind, node, start }: Statement, copies: readonly ScriptCopy[]): number | null {
  if (kind === "CopyStmt") {
    const copy = copies.find((one) => one.start <= start && start < one.end);
    return copy === undefined ? null : copy.lines - (copy.closed ? 1 : 0);
  }
  if (kind !== "InsertStmt") return null;
  const source = node.selectStmt;
  if (source === undefined) return 1;
  return "SelectStmt" in source && source.SelectStmt.valuesLists !== undefined
    ? source.SelectStmt.valuesLists.length
    : null;
}
