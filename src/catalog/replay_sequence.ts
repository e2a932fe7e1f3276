/** Sequences: those of serial and identity columns, and those of their own. */

import type { AlterSeqStmt, CreateSeqStmt, Node } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import { option } from "../sql/option_values.ts";
import type { Catalog, QualifiedName, Relation } from "./catalog.ts";
import { change, nameOf, put } from "./edit.ts";
import { chooseName } from "./object_names.ts";
import { emptyRelation, findRelation, newName, resolveRelation } from "./resolve.ts";

/** The name of the sequence that a serial or identity column gets. */
export function nameSequence(catalog: Catalog, { schema, name: table }: Relation, column: string): QualifiedName {
  const parts = { schema, table, columns: column, label: "seq" };
  return { schema, name: chooseName(catalog, parts, { constraint: false, relation: true }) };
}

/** Puts a sequence that belongs to a column of a table. */
export function putSequence(
  catalog: Catalog,
  { name, table, column, by }: {
    readonly name: QualifiedName;
    readonly table: Relation;
    readonly column: string;
    readonly by: bigint | null;
  },
): void {
  const owner = { dependsOn: [nameOf(table)], ownerColumn: column };
  put(catalog, { ...emptyRelation(name, "sequence"), persistence: table.persistence, madeBy: by, ...owner });
}

export function replayCreateSequence(catalog: Catalog, node: CreateSeqStmt, by: bigint | null): void {
  const name = node.sequence === undefined ? null : newName(catalog, node.sequence);
  if (name === null || findRelation(catalog, name)?.known) return;
  put(catalog, {
    ...emptyRelation(name, "sequence"),
    ...(node.sequence?.relpersistence === "u" ? { persistence: "unlogged" } : {}),
    madeBy: by,
    ...ownerOf(catalog, node.options) ?? {},
  });
}

export function replayAlterSequence(catalog: Catalog, node: AlterSeqStmt): void {
  const owner = ownerOf(catalog, node.options);
  if (owner === null || node.sequence === undefined) return;
  const sequence = resolveRelation(catalog, node.sequence, { expected: "sequence" });
  if (sequence !== null) change(catalog, sequence, () => owner);
}

/** OWNED BY a column, or NONE; null where the statement does not say. */
function ownerOf(
  catalog: Catalog,
  options: readonly Node[] | undefined,
): Pick<Relation, "dependsOn" | "ownerColumn"> | null {
  const arg = option(options, "owned_by")?.arg;
  if (arg === undefined || !("List" in arg)) return null;
  const [column = null, relname, schemaname] = listedParts(arg.List.items).toReversed();
  const table = relname === undefined
    ? null
    : resolveRelation(catalog, { relname, ...(schemaname === undefined ? {} : { schemaname }) });
  return table === null ? { dependsOn: [], ownerColumn: null } : { dependsOn: [nameOf(table)], ownerColumn: column };
}
