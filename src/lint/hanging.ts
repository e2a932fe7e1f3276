/** What hangs on a column: it is lost with the column, or keeps it from going. */

import type { Attached, Catalog, Column, Relation, TableConstraint } from "../catalog/catalog.ts";
import { childrenOf, findColumn, findRelation, indexesOf, isSame, withDescendants } from "../catalog/resolve.ts";
import { columnsIn } from "../catalog/tree.ts";
import { viewsOn, wholeKeysTo } from "../impact/relatives.ts";
import { dotted } from "../sql/identifiers.ts";
import { expressionSql } from "./expression_sql.ts";
import { indexSql } from "./index_sql.ts";
import { shownName } from "./shown_name.ts";

export interface Hanging {
  /** As a sentence names it: `the index posts_user_id_idx`. */
  readonly name: string;
  /** Whether the catalog knows all that it takes to make the same on another column. */
  readonly isKnown: boolean;
  readonly constraint?: TableConstraint;
  /** An index that is no constraint's. */
  readonly index?: Relation;
}

export interface HangingOn {
  readonly column: string;
  readonly catalog: Catalog;
}

/** Without views, see {@link viewsOver}. */
export function hangingOn(relation: Relation, on: HangingOn): readonly Hanging[] {
  const column = findColumn(relation, on.column);
  return [
    ...(relation.known ? [] : [unknown("what no migration tells of")]),
    ...ofConstraints(relation, on),
    ...ofIndexes(relation, on),
    ...(column === null ? [] : ofColumn(column)),
    ...ofOthers(relation, on),
    ...(relation.attached ?? []).filter(({ columns }) => columns.includes(on.column)).map((one) =>
      unknown(attachedName(one, on.column))
    ),
  ];
}

/** The views that may read a column, by its name, and those that are over them. */
export function viewsOver(relation: Relation, { column, catalog }: HangingOn): readonly Hanging[] {
  // What becomes of a column becomes of that of partitions and heirs too.
  const readers = withDescendants(catalog, relation).flatMap((table) =>
    viewsOn(catalog, table).filter(({ dependsOn, reads }) =>
      dependsOn.some((name) => isSame(name, table)) && (reads?.includes(column) ?? true)
    )
  );
  const all = new Set(readers.flatMap((view) => [view, ...viewsOn(catalog, view)]));
  return [...all].map((view) => unknown(`the view ${shownName(view)}`));
}

function unknown(name: string): Hanging {
  return { name, isKnown: false };
}

function ofConstraints(relation: Relation, { column, catalog }: HangingOn): readonly Hanging[] {
  return relation.constraints.filter(({ kind, columns }) => kind !== "not-null" && columns.includes(column))
    .map((constraint): Hanging => ({
      name: `${KINDS[constraint.kind]} ${dotted([constraint.name])}`,
      isKnown: constraint.plain === true && canBeMade(constraint, { relation, catalog }),
      constraint,
    }));
}

const KINDS: Readonly<Record<TableConstraint["kind"], string>> = {
  check: "the CHECK",
  exclude: "the constraint",
  "foreign-key": "the foreign key",
  "not-null": "the constraint",
  "primary-key": "the primary key",
  unique: "the UNIQUE constraint",
};

function canBeMade(
  { kind, name, expression, references, referencedColumns }: TableConstraint,
  { relation, catalog }: { readonly relation: Relation; readonly catalog: Catalog },
): boolean {
  if (kind === "check") return expression !== null && expressionSql(expression) !== null;
  // Nothing that others wait long for makes them on a table with partitions or heirs.
  if (childrenOf(catalog, relation).length > 0 || relation.kind === "partitioned-table") return false;
  if (kind === "foreign-key") return references !== null && referencedColumns.length > 0;
  const index = findRelation(catalog, { schema: relation.schema, name })?.index;
  return index?.plain === true && index.valid;
}

/** Those of partitions and heirs too, which go with the column as well; a part of one that is told of is not told. */
function ofIndexes(relation: Relation, { column, catalog }: HangingOn): readonly Hanging[] {
  const all = withDescendants(catalog, relation);
  return all.flatMap((table) =>
    indexesOf(catalog, table).flatMap((index): readonly Hanging[] => {
      if (
        index.index === null || index.index.constraint || index.parents.length > 0 || !index.index.uses.includes(column)
      ) {
        return [];
      }
      const { definition, valid } = index.index;
      const isWritable = definition !== undefined && indexSql(definition) !== null;
      const isKnown = isWritable && valid && all.length === 1 && relation.kind === "table";
      return [{ name: `the index ${dotted([index.name])}`, isKnown, index }];
    })
  );
}

function ofColumn({ name, identity, generated, default: expression }: Column): readonly Hanging[] {
  if (identity) return [unknown(`the sequence of ${dotted([name])}, which is an identity column`)];
  if (generated !== null) return [unknown(`the expression that ${dotted([name])} is generated from`)];
  if (expression === null) return [];
  return [{ name: `the default of ${dotted([name])}`, isKnown: expressionSql(expression) !== null }];
}

/** What other columns and tables have of it. */
function ofOthers(relation: Relation, { column, catalog }: HangingOn): readonly Hanging[] {
  const keys = wholeKeysTo(catalog, relation).filter(({ constraint }) => constraint.referencedColumns.includes(column));
  const generated = relation.columns.filter((one) => one.generated !== null && columnsIn(one.default).includes(column));
  return [
    ...(relation.partitionKey?.columns.includes(column) ? [unknown("the partitions, of whose key it is a part")] : []),
    ...generated.map(({ name }) => unknown(`the generated column ${dotted([name])}`)),
    ...keys.map(({ from, constraint }) =>
      unknown(`the foreign key ${dotted([constraint.name])} of ${shownName(from)}`)
    ),
  ];
}

function attachedName({ kind, name }: Attached, column: string): string {
  if (name !== null) return `the ${kind} ${dotted([name])}`;
  return kind === "comment" ? `the comment on ${dotted([column])}` : `the privileges on ${dotted([column])}`;
}
