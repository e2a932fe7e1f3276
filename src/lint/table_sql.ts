/** SQL about the table of an ALTER TABLE: as the statement names it, with the names that the server would choose. */

import type { RangeVar } from "libpg-query";
import type { Catalog, Relation } from "../catalog/catalog.ts";
import { childrenOf } from "../catalog/resolve.ts";
import { chooseName } from "../catalog/object_names.ts";
import { dotted } from "../sql/identifiers.ts";
import type { LintedFile } from "./rule.ts";
import { setsSearchPath } from "./search_path.ts";

export interface TableSql {
  /** `"S".posts`: with a schema where the statement has one. */
  readonly table: string;
  /** `ALTER TABLE IF EXISTS ONLY "S".posts`. */
  readonly alter: string;
  readonly relation: Relation;
  /** What a CHECK needs behind it to be added with ONLY to a table that others inherit from: ` NO INHERIT`, or nothing. */
  readonly noInherit: string;
  /** A name for a constraint or index that is free: `posts_user_id_fkey`. Not as SQL. */
  freeName(column: string | null, label: string): string;
  /** A name in the table's schema as SQL, qualified where the statement qualifies the table. */
  inSchema(name: string): string;
}

/** A statement that alters a table: ALTER TABLE, or one of its forms that is a statement of its own. */
export interface AlteringStatement {
  readonly node: { readonly relation?: RangeVar; readonly missing_ok?: boolean };
}

export interface Surroundings {
  readonly catalog: Catalog;
  readonly file: LintedFile;
}

/** What is written of the table has to mean the same in another file: one that does not set search_path as this one. */
export function tableSql({ node }: AlteringStatement, relation: Relation, { catalog, file }: Surroundings): TableSql {
  const range = node.relation!;
  const isMoved = file.earlier.some(({ statement }) => setsSearchPath(statement));
  const given = range.schemaname ?? (isMoved ? relation.schema : undefined);
  const table = dotted([given, relation.name]);
  const { schema, name } = relation;
  return {
    table,
    alter: `ALTER TABLE ${node.missing_ok ? "IF EXISTS " : ""}${range.inh ? "" : "ONLY "}${table}`,
    relation,
    noInherit: !range.inh && relation.kind === "table" && childrenOf(catalog, relation).length > 0 ? " NO INHERIT" : "",
    freeName: (columns, label) =>
      chooseName(catalog, { schema, table: name, columns, label }, { constraint: true, relation: true }),
    inSchema: (name) => dotted([given, name]),
  };
}
