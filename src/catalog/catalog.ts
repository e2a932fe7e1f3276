/**
 * What a database holds, as far as it decides what a statement locks, scans and rewrites: read from a server, or made
 * from nothing by replaying migrations.
 */

import type { CreateFunctionStmt, IndexElem, Node } from "libpg-query";
import { identifier } from "../sql/identifiers.ts";
import { RelationMap } from "./relation_map.ts";

/** A name with its schema, as the server knows them: without quotes, in their own case. */
export interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

/** `public.posts`, quoted where SQL needs it. Two names are the same where this text is. */
export function qualified({ schema, name }: QualifiedName): string {
  return `${identifier(schema)}.${identifier(name)}`;
}

export type RelationKind =
  | "table"
  | "partitioned-table"
  | "foreign-table"
  | "view"
  | "materialized-view"
  | "sequence"
  | "index"
  | "partitioned-index"
  | "composite-type";

/** Every relation of `pg_class` that a statement can name or take along. */
export interface Relation extends QualifiedName {
  readonly kind: RelationKind;
  readonly persistence: "permanent" | "unlogged" | "temporary";
  /** Version of the migration that made it; null for one that was there before the first of them. */
  readonly madeBy: bigint | null;
  /**
   * false: it may have more columns, constraints and the rest than are here. No migration made it, so it is taken to exist
   * and known by what migrations did to it since; or one made it after the like of such a one.
   */
  readonly known: boolean;
  readonly columns: readonly Column[];
  readonly constraints: readonly TableConstraint[];
  /** The tables that it inherits from; for a partition the one that it is a part of. */
  readonly parents: readonly QualifiedName[];
  /** Set for a partition. */
  readonly partition: { readonly isDefault: boolean } | null;
  /** Set for a partitioned table that is known. */
  readonly partitionKey: PartitionKey | null;
  /** Set for an index. */
  readonly index: IndexFacts | null;
  /** Relations that a view or materialized view reads; the table that owns a sequence. */
  readonly dependsOn: readonly QualifiedName[];
  /** Of a view: the columns that it reads, or others of their names. Left out where it may read any, or nobody has looked. */
  readonly reads?: readonly string[];
  /** Of a sequence: the column that owns it, of the table in `dependsOn`; null for none, and otherwise. */
  readonly ownerColumn: string | null;
  /** Of a table: what else hangs on columns, as far as statements say. Left out where nobody has looked. */
  readonly attached?: readonly Attached[];
  /** false: a materialized view that nobody can read, for no REFRESH has filled it yet. Left out where that is not known. */
  readonly populated?: boolean;
  /** Rows, by the server's own estimate; null where nobody has looked. */
  readonly rows: number | null;
  /** Bytes of the relation alone, its TOAST table included; null where nobody has looked. */
  readonly bytes: number | null;
}

/** What goes with a column, or keeps it from going, and decides nothing about locks. */
export interface Attached {
  readonly kind: "trigger" | "policy" | "statistics" | "comment" | "privileges";
  /** null for what has none: a comment, privileges. */
  readonly name: string | null;
  /** The columns that it names. */
  readonly columns: readonly string[];
}

/** What decides which partition a row belongs to. */
export interface PartitionKey {
  readonly strategy: "range" | "list" | "hash";
  /** Columns, in order; null for an expression. */
  readonly columns: readonly (string | null)[];
}

export interface Column {
  readonly name: string;
  /** null: not known. */
  readonly type: DataType | null;
  /** null: not known. */
  readonly notNull: boolean | null;
  /** The expression of its default, or that it is generated from; null for none. */
  readonly default: Node | null;
  readonly generated: "stored" | "virtual" | null;
  readonly identity: boolean;
}

/** A type as a column has it. */
export interface DataType extends QualifiedName {
  /** `int4`, `varchar`, `timestamptz`: the name in `pg_type`, never an alias of the grammar. An array has its element's. */
  readonly name: string;
  /** What stands in brackets: `varchar(50)` has [50], `numeric(10,2)` has [10, 2]; empty for none. */
  readonly modifiers: readonly number[];
  /** Dimensions, 0 for no array. */
  readonly dimensions: number;
  /** The collation that the column names; null for the type's own. */
  readonly collation: string | null;
  /** Its schema, where a statement gives it. */
  readonly collationSchema?: string;
}

export type ConstraintKind = "check" | "foreign-key" | "primary-key" | "unique" | "exclude" | "not-null";

export interface TableConstraint {
  /** As the server would choose it where the statement gives none. */
  readonly name: string;
  readonly kind: ConstraintKind;
  readonly validated: boolean;
  /** The columns it names, in order; of a CHECK those of its expression. Expressions of an EXCLUDE are left out. */
  readonly columns: readonly string[];
  /** Of a CHECK; null otherwise. */
  readonly expression: Node | null;
  /** Of a foreign key: the table that it points to; null otherwise. */
  readonly references: QualifiedName | null;
  /** Of a foreign key: the columns that it points to, in the order of `columns`; empty otherwise, and where not known. */
  readonly referencedColumns: readonly string[];
  /** Of a foreign key: what becomes of its rows when the row that they point to goes, or gets another key; else null. */
  readonly onDelete: ReferentialAction | null;
  readonly onUpdate: ReferentialAction | null;
  /** true: there is nothing more to it, such as INCLUDE. Left out where there is, or nobody has looked. */
  readonly plain?: boolean;
  /** Whether it is looked at when its transaction ends: always, or where SET CONSTRAINTS asks for it. Left out for neither. */
  readonly deferral?: "deferred" | "deferrable";
}

export type ReferentialAction = "no-action" | "restrict" | "cascade" | "set-null" | "set-default";

/** By the letters that the grammar and `pg_constraint` have for them. */
export const REFERENTIAL_ACTIONS: Readonly<Record<string, ReferentialAction>> = {
  a: "no-action",
  r: "restrict",
  c: "cascade",
  n: "set-null",
  d: "set-default",
};

export interface IndexFacts {
  readonly table: QualifiedName;
  /** Key columns, in order; null for an expression. */
  readonly columns: readonly (string | null)[];
  /** Every column of the table that it needs: of keys, INCLUDE, expressions and WHERE, each once, in no order. */
  readonly uses: readonly string[];
  /** What its own columns are called, INCLUDE among them: the names of indexes of partitions are made of it. */
  readonly columnNames: readonly string[];
  readonly unique: boolean;
  /** It has a WHERE. */
  readonly partial: boolean;
  /** Whether it is complete: an index that CREATE INDEX CONCURRENTLY left half-way is not. */
  readonly valid: boolean;
  /** Whether a constraint made it, or took it over. */
  readonly constraint: boolean;
  /** true: a B-tree of columns, and nothing more to it. Left out where there is, or nobody has looked. */
  readonly plain?: boolean;
  /** What it is made of, where the statement that made it is known and says all of it. */
  readonly definition?: IndexDefinition;
}

/** The parts of a CREATE INDEX behind the name of the table, as the parser has them. */
export interface IndexDefinition {
  /** `btree`, `gin`. */
  readonly method: string;
  readonly elements: readonly IndexElem[];
  readonly including: readonly IndexElem[];
  readonly where: Node | null;
  readonly nullsNotDistinct: boolean;
}

/** A type that statements make: of others, the name says all that is needed. */
export interface MadeType extends QualifiedName {
  readonly kind: "enum" | "domain" | "composite" | "range" | "other";
  readonly madeBy: bigint | null;
  /** Of an enum: its values, with the migration that added each after the type was made. */
  readonly values: readonly { readonly value: string; readonly addedBy: bigint | null }[];
  /** Of a domain: what it is over. */
  readonly base: DataType | null;
  /** Of a domain: whether it has a CHECK or NOT NULL, itself or in a domain that it is over. */
  readonly constrained: boolean;
}

/** A function, as far as a default or a SELECT that calls it can be judged. */
export interface MadeFunction extends QualifiedName {
  readonly volatility: "immutable" | "stable" | "volatile";
  readonly kind: "function" | "procedure" | "aggregate" | "window";
  /** The types of the arguments that go in, as in `pg_catalog.int4`, `public.mood[]`; null where not known. */
  readonly arguments: readonly string[] | null;
  readonly madeBy: bigint | null;
  /** true: of a procedure with SET or SECURITY DEFINER, in which the server refuses COMMIT. */
  readonly isAtomic?: boolean;
  /** The statement that made it, whose body says what it runs; left out where another kind of statement did, or none. */
  readonly definition?: CreateFunctionStmt;
}

/**
 * A database's relations, types and functions, by qualified name. It changes as statements are replayed on it; the
 * values in it never do, so that what was taken out of it stays as it was.
 */
export class Catalog {
  readonly relations: RelationMap = new RelationMap();
  readonly types: Map<string, MadeType> = new Map();
  /** All functions of one name, which differ in their arguments. */
  readonly functions: Map<string, readonly MadeFunction[]> = new Map();
  /** Extensions that are there. */
  readonly extensions: Set<string> = new Set();
  /** Schemas in which a name without one is looked up, in order; a temporary schema is `pg_temp`. */
  searchPath: readonly string[] = ["public"];
  /** The session's TimeZone where it is known to be UTC, which saves a rewrite; else false. */
  timeZoneIsUtc = false;

  /**
   * @param isWhole true: what is not in it does not exist. false: a relation that is not in it is taken to exist, since
   * migrations are replayed from the first, but another tool or a person may have made more.
   */
  constructor(readonly isWhole: boolean) {}

  /** Another one that holds the same now, and changes by itself: for what may happen or not. */
  copy(): Catalog {
    const copy = new Catalog(this.isWhole);
    for (const [key, relation] of this.relations) copy.relations.set(key, relation);
    for (const [key, type] of this.types) copy.types.set(key, type);
    for (const [key, made] of this.functions) copy.functions.set(key, made);
    for (const name of this.extensions) copy.extensions.add(name);
    copy.searchPath = this.searchPath;
    copy.timeZoneIsUtc = this.timeZoneIsUtc;
    return copy;
  }
}
