/** A CREATE INDEX: its own text for other tables, and the names that the server would choose. */

import type { IndexStmt } from "libpg-query";
import type { Catalog, Relation } from "../catalog/catalog.ts";
import { chooseName, indexColumnNames, joinedColumns } from "../catalog/object_names.ts";
import { findRelation } from "../catalog/resolve.ts";
import { identifier } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import { keyword, nameSpan, ownTokens, textOf } from "./text_edits.ts";

export type CreateIndex = Statement & { readonly kind: "IndexStmt" };

/** The name that the server chooses for an index which the statement does not name. */
export function chosenIndexName(
  { indexParams = [], indexIncludingParams = [] }: IndexStmt,
  table: Relation,
  catalog: Catalog,
): string {
  const elements = [...indexParams, ...indexIncludingParams].flatMap((node) =>
    "IndexElem" in node ? [node.IndexElem] : []
  );
  const { schema, name } = table;
  const columns = joinedColumns(indexColumnNames(elements));
  return chooseName(catalog, { schema, table: name, columns, label: "idx" }, { constraint: false, relation: true });
}

export interface IndexOn {
  /** As SQL. */
  readonly name: string;
  /** As SQL, with ONLY where it is meant. */
  readonly table: string;
  readonly concurrently: boolean;
}

/** The same index on another table; what it is made of stays as it is written. Null where its table is not found. */
export function indexOn(statement: CreateIndex, { name, table, concurrently }: IndexOn): string | null {
  const index = keyword(statement, ["index"]);
  const span = nameSpan(statement, statement.node.relation ?? {});
  if (index === null || span === null) return null;
  // `ONLY (posts)` and `posts *` have more behind the name.
  const behind = ownTokens(statement, span.end).find((token) => ![")", "*"].includes(textOf(statement, token)));
  const definition = behind === undefined ? "" : textOf(statement, { start: behind.start, end: statement.end });
  const head = textOf(statement, { start: statement.start, end: index.end });
  return `${head}${concurrently ? " CONCURRENTLY" : ""} ${name} ON ${table} ${definition}`;
}

/** Whether IF NOT EXISTS makes the statement do nothing: an earlier one has made an index of that name. */
export function isThereAlready({ if_not_exists, idxname }: IndexStmt, table: Relation, catalog: Catalog): boolean {
  if (!if_not_exists || idxname === undefined) return false;
  return findRelation(catalog, { schema: table.schema, name: idxname })?.index?.valid === true;
}

/** How a message calls the index. */
export function shownIndex({ idxname }: IndexStmt): string {
  return idxname === undefined ? "the index" : identifier(idxname);
}
