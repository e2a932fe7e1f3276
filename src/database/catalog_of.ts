/** Rows of a server's catalogs as the catalog that the rest of the program knows. */

import {
  Catalog,
  type Column,
  type DataType,
  type IndexFacts,
  type MadeFunction,
  type MadeType,
  qualified,
  type QualifiedName,
  REFERENTIAL_ACTIONS,
  type Relation,
  type RelationKind,
  type TableConstraint,
} from "../catalog/catalog.ts";
import { isAtomic } from "../sql/option_values.ts";
import { type Expressions, parseExpressions } from "../sql/parse_expressions.ts";
import { parse, type Statement } from "../sql/parser.ts";
import type {
  CatalogRows,
  ColumnRow,
  ConstraintRow,
  FunctionRow,
  IndexRow,
  RelationRow,
  TypeRow,
  TypeUse,
} from "./catalog_rows.ts";

const RELATION_KINDS: Readonly<Record<string, RelationKind>> = {
  r: "table",
  p: "partitioned-table",
  f: "foreign-table",
  v: "view",
  m: "materialized-view",
  S: "sequence",
  i: "index",
  I: "partitioned-index",
  c: "composite-type",
};

const PERSISTENCES: Readonly<Record<string, Relation["persistence"]>> = {
  p: "permanent",
  u: "unlogged",
  t: "temporary",
};

const CONSTRAINT_KINDS: Readonly<Record<string, TableConstraint["kind"]>> = {
  c: "check",
  f: "foreign-key",
  p: "primary-key",
  u: "unique",
  x: "exclude",
  n: "not-null",
};

const TYPE_KINDS: Readonly<Record<string, MadeType["kind"]>> = {
  e: "enum",
  d: "domain",
  c: "composite",
  r: "range",
  m: "range",
};

const STRATEGIES = { r: "range", l: "list", h: "hash" } as const;
const VOLATILITIES = { i: "immutable", s: "stable", v: "volatile" } as const;
const FUNCTION_KINDS = { f: "function", p: "procedure", a: "aggregate", w: "window" } as const;

/** The catalog, without what is not in tables: search_path and TimeZone. */
export async function catalogOf(rows: CatalogRows): Promise<{
  readonly catalog: Catalog;
  readonly oids: ReadonlyMap<string, number>;
  readonly procedures: readonly Statement[];
}> {
  const catalog = new Catalog(true);
  const oids = new Map<string, number>();
  const facts = { rows, ...groups(rows), expressions: await parseExpressions(textsOf(rows)) };
  for (const row of rows.relations ?? []) {
    const relation = relationOf(row, facts);
    catalog.relations.set(qualified(relation), relation);
    oids.set(qualified(relation), row.oid);
  }
  for (const row of rows.types ?? []) {
    // What every database has needs no entry.
    if (row.implied || row.schema === "pg_catalog") continue;
    catalog.types.set(qualified(row), typeOf(row, facts));
  }
  const procedures: Statement[] = [];
  for (const row of rows.functions ?? []) {
    const name = qualified(row);
    const statement = await definitionOf(row);
    if (statement !== null) procedures.push(statement);
    const definition = statement?.kind === "CreateFunctionStmt"
      ? { definition: statement.node, ...isAtomic(statement.node.options) ? { isAtomic: true } : {} }
      : {};
    catalog.functions.set(name, [...catalog.functions.get(name) ?? [], { ...functionOf(row), ...definition }]);
  }
  for (const name of rows.extensions ?? []) catalog.extensions.add(name);
  return { catalog, oids, procedures };
}

interface Facts {
  readonly rows: CatalogRows;
  readonly names: ReadonlyMap<number, QualifiedName>;
  readonly types: ReadonlyMap<number, TypeRow>;
  readonly columns: ReadonlyMap<number, readonly ColumnRow[]>;
  readonly constraints: ReadonlyMap<number, readonly ConstraintRow[]>;
  readonly indexes: ReadonlyMap<number, IndexRow>;
  readonly parents: ReadonlyMap<number, readonly { readonly parent: number }[]>;
  readonly sources: ReadonlyMap<number, readonly QualifiedName[]>;
  readonly expressions: Expressions;
}

function groups({ relations, columns, constraints, indexes, parents, sources, types }: CatalogRows) {
  return {
    names: new Map((relations ?? []).map((row) => [row.oid, nameOf(row)])),
    types: new Map((types ?? []).map((row) => [row.oid, row])),
    columns: Map.groupBy(columns ?? [], ({ relation }) => relation),
    constraints: Map.groupBy(constraints ?? [], ({ relation }) => relation),
    indexes: new Map((indexes ?? []).map((row) => [row.relation, row])),
    parents: Map.groupBy(parents ?? [], ({ relation }) => relation),
    sources: Map.groupBy(sources ?? [], ({ relation }) => relation),
  };
}

function textsOf({ columns, constraints }: CatalogRows) {
  return {
    expressions: (columns ?? []).flatMap(({ expression }) => expression ?? []),
    constraints: (constraints ?? []).flatMap(({ definition }) => definition ?? []),
  };
}

function nameOf({ schema, name }: QualifiedName): QualifiedName {
  return { schema: schema.startsWith("pg_temp_") ? "pg_temp" : schema, name };
}

function relationOf(row: RelationRow, facts: Facts): Relation {
  const { oid, kind, persistence, part, is_default: isDefault, strategy, rows, bytes } = row;
  const index = facts.indexes.get(oid);
  return {
    ...nameOf(row),
    kind: RELATION_KINDS[kind]!,
    persistence: PERSISTENCES[persistence]!,
    madeBy: null,
    known: true,
    columns: (facts.columns.get(oid) ?? []).map((column) => columnOf(column, facts)),
    constraints: (facts.constraints.get(oid) ?? []).map((constraint) => constraintOf(constraint, facts)),
    parents: (facts.parents.get(oid) ?? []).flatMap(({ parent }) => facts.names.get(parent) ?? []),
    partition: part && index === undefined ? { isDefault } : null,
    partitionKey: strategy === null
      ? null
      : { strategy: STRATEGIES[strategy as keyof typeof STRATEGIES], columns: row.key_columns ?? [] },
    index: index === undefined ? null : indexOf(index, facts),
    dependsOn: (facts.sources.get(oid) ?? []).map(nameOf),
    ownerColumn: row.owner_column,
    // -1: neither ANALYZE nor VACUUM has ever looked.
    rows: rows < 0 || kind === "v" || kind === "S" || kind === "c" ? null : Math.round(rows),
    bytes,
  };
}

function columnOf(row: ColumnRow, facts: Facts): Column {
  return {
    name: row.name,
    type: dataType(row, facts),
    notNull: row.not_null,
    default: row.expression === null ? null : facts.expressions.expression(row.expression),
    generated: row.generated === "s" ? "stored" : row.generated === "v" ? "virtual" : null,
    identity: row.identity,
  };
}

function dataType({ type, modified, dimensions, collation }: TypeUse, { types }: Facts): DataType | null {
  const row = types.get(type);
  if (row === undefined) return null;
  const { schema, name } = nameOf(row);
  return { schema, name, modifiers: modifiersOf(modified), dimensions, collation };
}

/** `character varying(50)`, `numeric(10,2)`, `timestamp(3) without time zone`. */
function modifiersOf(modified: string | null): readonly number[] {
  const inside = /\(([-\d, ]+)\)/.exec(modified ?? "")?.[1];
  return inside === undefined ? [] : inside.split(",").map(Number);
}

function constraintOf(row: ConstraintRow, { names, expressions }: Facts): TableConstraint {
  return {
    name: row.name,
    kind: CONSTRAINT_KINDS[row.kind]!,
    validated: row.validated,
    columns: row.columns ?? [],
    expression: row.definition === null ? null : expressions.check(row.definition),
    references: row.refers === null ? null : names.get(row.refers) ?? null,
    referencedColumns: row.referred_columns ?? [],
    onDelete: REFERENTIAL_ACTIONS[row.on_delete] ?? null,
    onUpdate: REFERENTIAL_ACTIONS[row.on_update] ?? null,
  };
}

function indexOf(
  { table, uses, column_names: columnNames, columns, unique, partial, valid, constraint }: IndexRow,
  { names }: Facts,
): IndexFacts | null {
  const name = names.get(table);
  if (name === undefined) return null;
  return { table: name, columns, uses: uses ?? [], columnNames: columnNames ?? [], unique, partial, valid, constraint };
}

function typeOf(row: TypeRow, facts: Facts): MadeType {
  const base = row.base === null ? null : dataType({ ...row, type: row.base }, facts);
  return {
    ...nameOf(row),
    kind: TYPE_KINDS[row.kind] ?? "other",
    madeBy: null,
    values: (row.labels ?? []).map((value) => ({ value, addedBy: null })),
    base,
    constrained: isConstrained(row, facts),
  };
}

function isConstrained({ constrained, base }: TypeRow, facts: Facts): boolean {
  const under = base === null ? undefined : facts.types.get(base);
  return constrained || (under !== undefined && isConstrained(under, facts));
}

/** null for none, and for one in words that the parser does not know. */
async function definitionOf({ definition }: FunctionRow): Promise<Statement | null> {
  const parsed = definition === null ? null : await parse(definition);
  return parsed?.kind === "statements" ? parsed.statements[0] ?? null : null;
}

function functionOf(
  { schema, name, volatility, kind, arguments: types }: FunctionRow,
): MadeFunction {
  return {
    schema,
    name,
    volatility: VOLATILITIES[volatility as keyof typeof VOLATILITIES],
    kind: FUNCTION_KINDS[kind as keyof typeof FUNCTION_KINDS],
    arguments: (types ?? []).map((type) => qualified(type) + (type.array ? "[]" : "")),
    madeBy: null,
  };
}
