/** The unique index that REFRESH MATERIALIZED VIEW CONCURRENTLY asks for. */

import type { Catalog, Relation } from "../catalog/catalog.ts";
import { indexesOf } from "../catalog/resolve.ts";
import { identifier } from "../sql/identifiers.ts";
import { writeSafeForm } from "./safe_form.ts";

/** What CONCURRENTLY asks for: unique, complete, without a WHERE, on columns alone. */
export function hasKey(view: Relation, catalog: Catalog): boolean {
  return indexesOf(catalog, view).some(({ index }) =>
    index !== null && index.unique && index.valid && !index.partial && !index.columns.includes(null)
  );
}

/** @param refresh with CONCURRENTLY, without its `;` */
export function withKey(refresh: string, { view, shown }: { readonly view: Relation; readonly shown: string }): string {
  const index = `CREATE UNIQUE INDEX CONCURRENTLY ON ${shown} (${keyColumn(view)});`;
  const comment = "-- The columns that tell its rows apart:\n";
  return writeSafeForm([
    { title: "the unique index", sql: comment + index, noTransaction: true },
    { title: "refresh while others read", sql: `${refresh};`, noTransaction: false },
  ]);
}

function keyColumn({ columns }: Relation): string {
  const named = columns.map(({ name }) => name).filter((name) => name !== "?column?");
  return identifier(named.find((name) => name === "id") ?? named[0] ?? "id");
}
