/** Where a statement uses a value of an enum, as far as its text says that the value is one. */

import type { Node, RangeVar } from "libpg-query";
import type { Catalog, QualifiedName, Relation } from "../catalog/catalog.ts";
import { isSame, resolveRelation } from "../catalog/resolve.ts";
import { madeType, typeNamed } from "../catalog/resolve_type.ts";
import { eachNode } from "../catalog/tree.ts";
import { listedParts } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import { tokens } from "../sql/tokens.ts";

/** A value that ALTER TYPE … ADD VALUE has added. */
export interface AddedValue {
  readonly type: QualifiedName;
  readonly value: string;
}

export interface EnumValueUse extends AddedValue {
  /** UTF-16 indices into the file's text; null where the parser does not say. */
  readonly span: { readonly start: number; readonly end: number } | null;
}

interface Where {
  readonly catalog: Catalog;
  readonly version: bigint;
}

/** The values that statements of one migration add to enums that were there before it. */
export function addedInFile(statements: readonly Statement[], { catalog, version }: Where): readonly AddedValue[] {
  return statements.flatMap(({ kind, node }) => {
    // With an old value it is RENAME VALUE, which may be used at once.
    if (kind !== "AlterEnumStmt" || node.newVal === undefined || node.oldVal !== undefined) return [];
    const type = typeNamed(catalog, listedParts(node.typeName));
    const made = type === null ? null : madeType(catalog, type);
    if (type === null || made?.madeBy === version) return [];
    const wasThere = made?.values.some(({ value, addedBy }) => value === node.newVal && addedBy !== version) === true;
    return wasThere ? [] : [{ type, value: node.newVal }];
  });
}

interface Search {
  readonly catalog: Catalog;
  readonly added: readonly AddedValue[];
}

/** The uses in one statement: values that are cast, compared with a column of the enum, or written into one. */
export function enumValueUses(statement: Statement, { catalog, added }: Search): readonly EnumValueUse[] {
  const uses: EnumValueUse[] = [];
  const tree = { [statement.kind]: statement.node };
  const columns = columnsByName(tree, catalog);
  const use = (value: Node | undefined, type: QualifiedName | undefined) => {
    if (value === undefined || type === undefined || !("A_Const" in value)) return;
    const { sval, location } = value.A_Const;
    const found = added.find((one) => one.value === sval?.sval && isSame(one.type, type));
    if (found !== undefined) {
      uses.push({ ...found, span: location === undefined ? null : literalAt(statement, location) });
    }
  };
  eachNode(tree, (kind, fields) => READERS[kind]?.(fields as never, { use, columns, catalog }));
  return uses;
}

interface Reading {
  readonly use: (value: Node | undefined, type: QualifiedName | undefined) => void;
  /** The types of the columns of the statement's relations, by their names. */
  readonly columns: ReadonlyMap<string, QualifiedName>;
  readonly catalog: Catalog;
}

type NodeFields<Kind extends string> = Extract<Node, Readonly<Record<Kind, unknown>>> extends infer Found
  ? Found extends Readonly<Record<Kind, infer Fields>> ? Fields : never
  : never;

const READERS: { readonly [kind: string]: ((fields: never, reading: Reading) => void) | undefined } = {
  TypeCast({ arg, typeName }: NodeFields<"TypeCast">, { use, catalog }: Reading) {
    use(arg, typeNamed(catalog, listedParts(typeName?.names)) ?? undefined);
  },
  A_Expr({ lexpr, rexpr }: NodeFields<"A_Expr">, { use, columns }: Reading) {
    for (const value of itemsOf(rexpr)) use(value, columns.get(columnOf(lexpr)));
    use(lexpr, columns.get(columnOf(rexpr)));
  },
  // SET of an UPDATE, and of ON CONFLICT.
  ResTarget({ name = "", val }: NodeFields<"ResTarget">, { use, columns }: Reading) {
    use(val, columns.get(name));
  },
  InsertStmt({ cols, relation, selectStmt }: NodeFields<"InsertStmt">, { use, columns, catalog }: Reading) {
    const table = relation === undefined ? null : resolveRelation(catalog, relation);
    const names = cols?.map((node) => "ResTarget" in node ? node.ResTarget.name ?? "" : "") ??
      table?.columns.map(({ name }) => name) ?? [];
    for (const row of rowsOf(selectStmt)) {
      for (const [index, value] of row.entries()) use(value, columns.get(names[index] ?? ""));
    }
  },
  ColumnDef({ typeName, constraints = [] }: NodeFields<"ColumnDef">, { use, catalog }: Reading) {
    const type = typeNamed(catalog, listedParts(typeName?.names)) ?? undefined;
    for (const node of constraints) if ("Constraint" in node) use(node.Constraint.raw_expr, type);
  },
  AlterTableCmd({ subtype, name = "", def }: NodeFields<"AlterTableCmd">, { use, columns }: Reading) {
    if (subtype === "AT_ColumnDefault") use(def, columns.get(name));
  },
};

/** The columns of every relation that a statement names: what a name without its relation may mean. */
function columnsByName(tree: unknown, catalog: Catalog): ReadonlyMap<string, QualifiedName> {
  const columns = new Map<string, QualifiedName>();
  const add = (relation: Relation | null) => {
    for (const { name, type } of relation?.columns ?? []) if (type !== null) columns.set(name, type);
  };
  eachNode(tree, (kind, fields) => {
    if (kind === "RangeVar") add(resolveRelation(catalog, fields as RangeVar));
    // A relation that a statement is about is no node of its own.
    if (isRangeVar(fields.relation)) add(resolveRelation(catalog, fields.relation));
  });
  return columns;
}

function isRangeVar(value: unknown): value is RangeVar {
  return typeof value === "object" && value !== null && "relname" in value;
}

function columnOf(node: Node | undefined): string {
  return node !== undefined && "ColumnRef" in node ? listedParts(node.ColumnRef.fields).at(-1) ?? "" : "";
}

/** The values of IN (…) and of = ANY (ARRAY[…]); of another operand itself. */
function itemsOf(node: Node | undefined): readonly Node[] {
  if (node === undefined) return [];
  if ("List" in node) return node.List.items ?? [];
  return "A_ArrayExpr" in node ? node.A_ArrayExpr.elements ?? [] : [node];
}

/** The rows of VALUES, or the one of SELECT. */
function rowsOf(node: Node | undefined): readonly (readonly Node[])[] {
  if (node === undefined || !("SelectStmt" in node)) return [];
  const { valuesLists, targetList = [] } = node.SelectStmt;
  if (valuesLists !== undefined) return valuesLists.map((row) => "List" in row ? row.List.items ?? [] : []);
  return [
    targetList.map((target) =>
      "ResTarget" in target && target.ResTarget.val !== undefined ? target.ResTarget.val : target
    ),
  ];
}

function literalAt({ start, text }: Statement, location: number): EnumValueUse["span"] {
  const own = location - start;
  const [token] = tokens(text, { start: own, end: text.length });
  return token === undefined ? null : { start: location, end: token.end + start };
}
