/** Constraints as statements add them to tables. */

import type { Constraint, Node } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import {
  type Catalog,
  type ConstraintKind,
  REFERENTIAL_ACTIONS,
  type Relation,
  type TableConstraint,
} from "./catalog.ts";
import type { GivenConstraint } from "./column_definition.ts";
import { addConstraint, change, changeColumn, moveRelation, put } from "./edit.ts";
import { chooseName, joinedColumns } from "./object_names.ts";
import { makeIndex } from "./replay_index.ts";
import { inheritConstraint, inheritIndex } from "./replay_partition.ts";
import { childrenOf, findRelation, resolveRelation, withDescendants } from "./resolve.ts";
import { columnsIn } from "./tree.ts";

const KINDS: Readonly<Partial<Record<NonNullable<Constraint["contype"]>, ConstraintKind>>> = {
  CONSTR_NOTNULL: "not-null",
  CONSTR_CHECK: "check",
  CONSTR_PRIMARY: "primary-key",
  CONSTR_UNIQUE: "unique",
  CONSTR_EXCLUSION: "exclude",
  CONSTR_FOREIGN: "foreign-key",
};

/** What a given constraint is; null for a default, a word on deferring and other things that are no constraint. */
export function constraintKind({ node }: GivenConstraint): ConstraintKind | null {
  return KINDS[node.contype ?? "CONSTR_NULL"] ?? null;
}

const ORDER: readonly ConstraintKind[] = ["check", "not-null", "primary-key", "unique", "exclude", "foreign-key"];

/** Constraints of one statement in the order in which the server makes them, which decides who gets a name. */
export function inOrder(constraints: readonly GivenConstraint[]): readonly GivenConstraint[] {
  const rank = (given: GivenConstraint) => ORDER.indexOf(constraintKind(given) ?? "check");
  return constraints.toSorted((one, other) => rank(one) - rank(other));
}

/** Adds a constraint to a table, with the index and the NOT NULL that come with it. */
export function replayConstraint(
  catalog: Catalog,
  table: Relation,
  { given, by, recurse = true }: {
    readonly given: GivenConstraint;
    readonly by: bigint | null;
    readonly recurse?: boolean;
  },
): void {
  const kind = constraintKind(given);
  const now = findRelation(catalog, table) ?? table;
  if (kind === null) return;
  if (given.node.conname !== undefined && now.constraints.some(({ name }) => name === given.node.conname)) return;
  if (kind === "primary-key" || kind === "unique" || kind === "exclude") {
    return addIndexed(catalog, now, { given, kind, by, recurse });
  }
  if (kind === "check") addCheck(catalog, now, given);
  else if (kind === "foreign-key") addForeignKey(catalog, now, given);
  else addNotNull(catalog, now, notNullOf(given));
  const added = findRelation(catalog, table)?.constraints.at(-1);
  const goesDown = recurse && !given.node.is_no_inherit && (kind !== "foreign-key" || now.kind === "partitioned-table");
  if (added?.kind !== kind || !goesDown) return;
  for (const child of withDescendants(catalog, findRelation(catalog, table) ?? table).slice(1)) {
    inheritConstraint(catalog, child, added);
  }
}

/** Of a foreign key `s` is MATCH SIMPLE, which nobody writes. */
function isPlain(node: Constraint): boolean {
  return SPECIALS.every((key) => !node[key]) && (node.fk_matchtype ?? "s") === "s";
}

const SPECIALS = [
  "is_no_inherit",
  "including",
  "options",
  "indexspace",
  "where_clause",
  "nulls_not_distinct",
  "without_overlaps",
  "fk_del_set_cols",
  "fk_with_period",
] as const;

function deferralOf({ deferrable, initdeferred }: Constraint): Pick<TableConstraint, "deferral"> {
  if (initdeferred) return { deferral: "deferred" };
  return deferrable ? { deferral: "deferrable" } : {};
}

function isValid({ skip_validation: skipsValidation }: Constraint): boolean {
  return !skipsValidation;
}

const NOTHING = { expression: null, references: null, referencedColumns: [], onDelete: null, onUpdate: null } as const;

function addCheck(catalog: Catalog, table: Relation, { node }: GivenConstraint): void {
  const columns = columnsIn(node.raw_expr);
  const { schema, name } = table;
  addConstraint(catalog, table, {
    ...NOTHING,
    name: node.conname ?? chooseName(
      catalog,
      { schema, table: name, columns: columns.length === 1 ? columns[0]! : null, label: "check" },
      { constraint: true, relation: false },
    ),
    kind: "check",
    validated: isValid(node),
    columns,
    expression: node.raw_expr ?? null,
    // A CHECK that is not enforced is not validated either, and cannot be.
    plain: isPlain(node) && node.is_enforced === true,
    ...deferralOf(node),
  });
}

function addForeignKey(catalog: Catalog, table: Relation, { node, column }: GivenConstraint): void {
  const parent = node.pktable === undefined ? null : resolveRelation(catalog, node.pktable);
  const columns = column === null ? listedParts(node.fk_attrs) : [column];
  const { schema, name } = table;
  const key = parent?.constraints.find(({ kind }) => kind === "primary-key")?.columns ?? [];
  addConstraint(catalog, table, {
    ...NOTHING,
    name: node.conname ?? chooseName(
      catalog,
      { schema, table: name, columns: joinedColumns(columns), label: "fkey" },
      { constraint: true, relation: false },
    ),
    kind: "foreign-key",
    validated: isValid(node),
    columns,
    references: parent === null ? null : { schema: parent.schema, name: parent.name },
    referencedColumns: node.pk_attrs === undefined ? key : listedParts(node.pk_attrs),
    onDelete: REFERENTIAL_ACTIONS[node.fk_del_action ?? "a"] ?? "no-action",
    onUpdate: REFERENTIAL_ACTIONS[node.fk_upd_action ?? "a"] ?? "no-action",
    plain: isPlain(node) && node.is_enforced === true,
    ...deferralOf(node),
  });
}

interface NotNull {
  readonly column: string;
  readonly name: string | null;
  readonly validated: boolean;
}

function notNullOf({ node, column }: GivenConstraint): NotNull {
  return { column: column ?? listedParts(node.keys)[0] ?? "", name: node.conname ?? null, validated: isValid(node) };
}

/** Makes a column NOT NULL, which is a constraint with a name since 18. One that is there already stays. */
function addNotNull(catalog: Catalog, table: Relation, { column, name, validated }: NotNull): void {
  changeColumn(catalog, table, { name: column, notNull: true });
  const now = findRelation(catalog, table) ?? table;
  const isThere = ({ kind, columns }: TableConstraint) => kind === "not-null" && columns[0] === column;
  if (now.constraints.some(isThere)) {
    if (validated) {
      change(catalog, table, ({ constraints }) => ({
        constraints: constraints.map((one) => isThere(one) ? { ...one, validated } : one),
      }));
    }
    return;
  }
  addConstraint(catalog, table, {
    ...NOTHING,
    name: name ?? chooseName(
      catalog,
      { schema: table.schema, table: table.name, columns: column, label: "not_null" },
      { constraint: true, relation: false },
    ),
    kind: "not-null",
    validated,
    columns: [column],
  });
}

/** SET NOT NULL: what inherits has the constraint by the name that it has above. */
export function setNotNull(
  catalog: Catalog,
  table: Relation,
  { column, recurse }: { readonly column: string; readonly recurse: boolean },
): void {
  addNotNull(catalog, table, { column, name: null, validated: true });
  const now = findRelation(catalog, table) ?? table;
  const added = now.constraints.find(({ kind, columns }) => kind === "not-null" && columns[0] === column);
  if (!recurse || added === undefined) return;
  for (const child of withDescendants(catalog, now).slice(1)) inheritConstraint(catalog, child, added);
}

interface Indexed {
  readonly given: GivenConstraint;
  readonly kind: "primary-key" | "unique" | "exclude";
  readonly by: bigint | null;
  readonly recurse: boolean;
}

/** PRIMARY KEY, UNIQUE and EXCLUDE, each with its index: a new one, or one that is taken over. */
function addIndexed(catalog: Catalog, table: Relation, { given, kind, by, recurse }: Indexed): void {
  const { node } = given;
  const index = node.indexname === undefined
    ? newIndex(catalog, table, { given, kind, by })
    : takeOver(catalog, table, node);
  if (index === null) return;
  const columns = (index.index?.columns ?? []).filter((column) => column !== null);
  const plain = isPlain(node) && kind !== "exclude";
  addConstraint(catalog, table, {
    ...NOTHING,
    name: index.name,
    kind,
    validated: true,
    columns,
    plain,
    ...deferralOf(node),
  });
  if (kind === "primary-key") { for (const column of columns) setNotNull(catalog, table, { column, recurse }); }
  if (table.kind !== "partitioned-table" || !recurse) return;
  for (const child of childrenOf(catalog, table)) inheritIndex(catalog, index, child);
}

function newIndex(
  catalog: Catalog,
  table: Relation,
  { given: { node, column }, kind, by }: Omit<Indexed, "recurse">,
): Relation | null {
  const elements = kind === "exclude"
    ? (node.exclusions ?? []).flatMap(exclusionElement)
    : (column === null ? listedParts(node.keys) : [column]).map((name) => ({ name }));
  const label = { "primary-key": "pkey", unique: "key", exclude: "excl" }[kind];
  return makeIndex(catalog, table, {
    name: node.conname ?? null,
    label,
    elements,
    including: listedParts(node.including).map((name) => ({ name })),
    where: node.where_clause,
    plain: isPlain(node) && kind !== "exclude",
    unique: kind !== "exclude",
    constraint: true,
    by,
    definition: null,
  });
}

function exclusionElement(node: Node) {
  const [element] = "List" in node ? node.List.items ?? [] : [];
  return element !== undefined && "IndexElem" in element ? [element.IndexElem] : [];
}

/** USING INDEX: an index that the constraint gives another name is renamed to it. */
function takeOver(catalog: Catalog, table: Relation, { indexname = "", conname }: Constraint): Relation | null {
  const name = conname ?? indexname;
  const index = findRelation(catalog, { schema: table.schema, name: indexname });
  if (index === null || index.index === null) {
    if (catalog.isWhole) return null;
    // Nobody knows its columns.
    const unknown = {
      label: "key",
      elements: [],
      including: [],
      where: undefined,
      plain: false,
      by: null,
      definition: null,
    };
    return makeIndex(catalog, table, { ...unknown, name, unique: true, constraint: true });
  }
  moveRelation(catalog, index, { schema: table.schema, name });
  const taken = { ...index, name, index: { ...index.index, constraint: true } };
  put(catalog, taken);
  return taken;
}
