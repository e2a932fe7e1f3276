/** Sequences: those of serial and identity columns, and CREATE SEQUENCE. */

import type { Catalog, QualifiedName, Relation } from "./catalog.ts";
import { put } from "./edit.ts";
import { chooseName } from "./object_names.ts";
import { emptyRelation } from "./resolve.ts";

/** The name of the sequence that a serial or identity column gets. */
export function nameSequence(catalog: Catalog, { schema, name: table }: Relation, column: string): QualifiedName {
  const parts = { schema, table, columns: column, label: "seq" };
  return { schema, name: chooseName(catalog, parts, { constraint: false, relation: true }) };
}

/** Puts a sequence that belongs to a column of a table. */
export function putSequence(
  catalog: Catalog,
  { name, table, by }: { readonly name: QualifiedName; readonly table: Relation; readonly by: bigint | null },
): void {
  const { schema, persistence } = table;
  put(catalog, {
    ...emptyRelation(name, "sequence"),
    persistence,
    madeBy: by,
    dependsOn: [{ schema, name: table.name }],
  });
}
