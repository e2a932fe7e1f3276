/**
 * Whether a statement may be given to EXPLAIN on a database that nothing is to happen to. Planning computes what calls
 * immutable and stable functions with constants, and so may run a function that somebody made, whatever that does.
 */

import { type Catalog, qualified, type Relation } from "../catalog/catalog.ts";
import { listedParts } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import { lookupPath } from "../catalog/resolve.ts";

/** What would be planned. */
export interface Explainable {
  /** Its relations, and those that come in through them: partitions, indexes, what views read. */
  readonly relations: readonly Relation[];
  /** The operators that it writes, by name. */
  readonly operators: readonly string[];
}

/** Statements that EXPLAIN takes, and whose plan says more than the statement does. */
const KINDS: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CreateTableAsStmt",
]);

/**
 * @param catalog the database as it is before the run, and nothing else: only what is there can be planned
 * @returns null where it names what is not there, or calls what is no function of PostgreSQL's own
 */
export function explainable(statement: Statement, catalog: Catalog): Explainable | null {
  if (!KINDS.has(statement.kind)) return null;
  const relations = new Map<string, Relation>();
  const operators = new Set<string>();
  const named = namesIn(statement.node);
  const defined = new Set(named.commonTables);
  for (const { schema, name } of named.relations) {
    if (schema === undefined && defined.has(name)) continue;
    const found = find(catalog, { schema, name });
    if (found === null) return null;
    for (const one of planned(catalog, found)) relations.set(qualified(one), one);
  }
  if ([...relations.values()].some(({ kind }) => kind === "foreign-table")) return null;
  if (relations.size === 0 || named.functions.some((parts) => !isOwn(catalog, parts))) return null;
  if (named.types.some((parts) => isDomain(catalog, parts))) return null;
  for (const operator of named.operators) operators.add(operator);
  return { relations: [...relations.values()], operators: [...operators] };
}

interface Names {
  readonly relations: { readonly schema: string | undefined; readonly name: string }[];
  readonly commonTables: string[];
  readonly functions: (readonly string[])[];
  readonly types: (readonly string[])[];
  readonly operators: string[];
}

type Fields = Readonly<Record<string, unknown>>;
type Listed = Parameters<typeof listedParts>[0];

/** Without recursion: a tree may be nested more deeply than the stack is. */
function namesIn(tree: unknown): Names {
  const names: Names = { relations: [], commonTables: [], functions: [], types: [], operators: [] };
  const open: unknown[] = [tree];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null) continue;
    note(value as Fields, names);
    // What is made is not there, and need not be.
    for (const [key, child] of Object.entries(value)) if (key !== "into" && key !== "intoClause") open.push(child);
  }
  return names;
}

function note(node: Fields, names: Names): void {
  if (typeof node.relname === "string") {
    names.relations.push({ schema: node.schemaname as string | undefined, name: node.relname });
  }
  if (typeof node.ctename === "string") names.commonTables.push(node.ctename);
  if (Array.isArray(node.funcname)) names.functions.push(listedParts(node.funcname as Listed));
  if (Array.isArray(node.names) && "typemod" in node) names.types.push(listedParts(node.names as Listed));
  // The names of operators stand in A_Expr and SortBy, and in SubLink for those of IN.
  for (const key of ["name", "operName", "useOp"]) {
    if (Array.isArray(node[key])) names.operators.push(listedParts(node[key] as Listed).at(-1) ?? "");
  }
}

function find(
  catalog: Catalog,
  { schema, name }: { readonly schema: string | undefined; readonly name: string },
): Relation | null {
  for (const candidate of schema === undefined ? lookupPath(catalog) : [schema]) {
    const found = catalog.relations.get(qualified({ schema: candidate, name }));
    if (found !== undefined) return found;
  }
  return null;
}

/** What a plan over a relation opens: its partitions and children, all their indexes, what a view reads. */
function planned(catalog: Catalog, relation: Relation): readonly Relation[] {
  const found = new Map([[qualified(relation), relation]]);
  for (const name of found.keys()) {
    const { dependsOn } = found.get(name)!;
    for (const source of dependsOn) add(catalog.relations.get(qualified(source)));
    for (const one of catalog.relations.values()) {
      const above = one.index === null ? one.parents : [one.index.table];
      if (above.some((parent) => qualified(parent) === name)) add(one);
    }
  }
  return [...found.values()];

  function add(one: Relation | undefined): void {
    if (one !== undefined) found.set(qualified(one), one);
  }
}

/** Whether only functions of PostgreSQL's own can be meant. */
function isOwn(catalog: Catalog, parts: readonly string[]): boolean {
  const name = parts.at(-1) ?? "";
  const schema = parts.at(-2);
  const all = [...catalog.functions.values()].flat().filter((one) => one.name === name);
  const meant = schema === undefined ? all : all.filter((one) => one.schema === schema);
  return meant.length > 0 && meant.every((one) => one.schema === "pg_catalog");
}

/** The CHECK of a domain may call anything. */
function isDomain(catalog: Catalog, parts: readonly string[]): boolean {
  const name = parts.at(-1);
  return [...catalog.types.values()].some((type) => type.kind === "domain" && type.name === name);
}
