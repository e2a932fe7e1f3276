/** The rows of a server's catalogs, as `catalogSql` gives them. */

import type { QualifiedName } from "../catalog/catalog.ts";

/** What `catalogSql` gives. A list without rows is null. */
export interface CatalogRows {
  readonly relations: readonly RelationRow[] | null;
  readonly columns: readonly ColumnRow[] | null;
  readonly constraints: readonly ConstraintRow[] | null;
  readonly indexes: readonly IndexRow[] | null;
  readonly parents: readonly { readonly relation: number; readonly parent: number }[] | null;
  readonly sources: readonly (QualifiedName & { readonly relation: number })[] | null;
  readonly types: readonly TypeRow[] | null;
  readonly functions: readonly FunctionRow[] | null;
  readonly extensions: readonly string[] | null;
}

export interface RelationRow extends QualifiedName {
  readonly oid: number;
  /** `pg_class.relkind`, `pg_class.relpersistence`. */
  readonly kind: string;
  readonly persistence: string;
  readonly part: boolean;
  readonly is_default: boolean;
  readonly rows: number;
  readonly bytes: number | null;
  readonly owner_column: string | null;
  /** `pg_partitioned_table.partstrat`. */
  readonly strategy: string | null;
  readonly key_columns: readonly (string | null)[] | null;
}

export interface FunctionRow extends QualifiedName {
  /** `pg_proc.provolatile`, `pg_proc.prokind`. */
  readonly volatility: string;
  readonly kind: string;
  /** Of a procedure, the statement that would make it; null for others. */
  readonly definition: string | null;
  /** Element types for arrays. */
  readonly arguments: readonly (QualifiedName & { readonly array: boolean })[] | null;
}

export interface TypeUse {
  /** Of the element, for an array. */
  readonly type: number;
  /** With what stands in brackets; null where nothing does. */
  readonly modified: string | null;
  readonly dimensions: number;
  readonly collation: string | null;
}

export interface ColumnRow extends TypeUse {
  readonly relation: number;
  readonly name: string;
  readonly not_null: boolean;
  readonly generated: string;
  readonly identity: boolean;
  readonly expression: string | null;
}

export interface ConstraintRow {
  readonly relation: number;
  readonly name: string;
  /** `pg_constraint.contype`. */
  readonly kind: string;
  readonly validated: boolean;
  readonly columns: readonly string[] | null;
  readonly definition: string | null;
  readonly refers: number | null;
  readonly referred_columns: readonly string[] | null;
  /** `pg_constraint.confdeltype`, `confupdtype`. */
  readonly on_delete: string;
  readonly on_update: string;
}

export interface IndexRow {
  readonly relation: number;
  readonly table: number;
  readonly unique: boolean;
  readonly partial: boolean;
  readonly valid: boolean;
  readonly columns: readonly (string | null)[];
  readonly uses: readonly string[] | null;
  readonly column_names: readonly string[] | null;
  readonly constraint: boolean;
}

export interface TypeRow extends QualifiedName {
  readonly oid: number;
  /** `pg_type.typtype`. */
  readonly kind: string;
  readonly base: number | null;
  readonly modified: string | null;
  readonly dimensions: number;
  readonly collation: string | null;
  readonly constrained: boolean;
  readonly labels: readonly string[] | null;
  /** It came with another type or a table, and not by a statement of its own. */
  readonly implied: boolean;
}
