/** RENAME and SET SCHEMA of whatever it is. */

import type { AlterObjectSchemaStmt, Node, RenameStmt } from "libpg-query";
import { listedParts } from "../sql/identifiers.ts";
import { type Catalog, type Column, type MadeFunction, qualified, type Relation } from "./catalog.ts";
import { change, changeReferrers, moveRelation } from "./edit.ts";
import { changeFunctions } from "./replay_function.ts";
import { notPlain, renamedDefinition } from "./replay_index.ts";
import { moveType } from "./replay_type.ts";
import {
  findRelation,
  indexesOf,
  isSame,
  ownedSequences,
  relationsWhere,
  resolveRelation,
  withDescendants,
} from "./resolve.ts";
import { madeType, typeNamed } from "./resolve_type.ts";
import { eachNode, withColumnRenamed } from "./tree.ts";

export function replayRename(catalog: Catalog, node: RenameStmt): void {
  const { renameType, relation: name, object, subname = "", newname = "" } = node;
  if (newname === "") return;
  if (renameType === "OBJECT_SCHEMA") return renameSchema(catalog, subname, newname);
  if (name === undefined) return renameObject(catalog, object, newname);
  const relation = resolveRelation(catalog, name);
  if (relation === null) return;
  switch (renameType) {
    case "OBJECT_COLUMN":
    case "OBJECT_ATTRIBUTE": {
      const all = name.inh === false ? [relation] : withDescendants(catalog, relation);
      for (const one of all) renameColumn(catalog, one, { from: subname, to: newname });
      break;
    }
    case "OBJECT_TABCONSTRAINT":
      for (const one of withDescendants(catalog, relation)) {
        renameConstraint(catalog, one, { from: subname, to: newname });
      }
      break;
    default:
      if (relation.index !== null) renameIndex(catalog, relation, newname);
      else if (relation.schema !== "pg_catalog") {
        moveRelation(catalog, relation, { schema: relation.schema, name: newname });
      }
  }
}

interface Renaming {
  readonly from: string;
  readonly to: string;
}

function renameColumn(catalog: Catalog, table: Relation, { from, to }: Renaming): void {
  if (table.columns.some(({ name }) => name === to)) return;
  const renamed = (name: string) => name === from ? to : name;
  change(catalog, table, ({ columns, constraints, partitionKey, attached = [] }) => ({
    attached: attached.map((one) => ({ ...one, columns: one.columns.map(renamed) })),
    columns: columns.map((column): Column => ({
      ...column,
      name: renamed(column.name),
      default: column.generated === null ? column.default : withColumnRenamed(column.default, { from, to }),
    })),
    constraints: constraints.map((one) => ({
      ...one,
      columns: one.columns.map(renamed),
      expression: withColumnRenamed(one.expression, { from, to }),
    })),
    partitionKey: partitionKey === null
      ? null
      : { ...partitionKey, columns: partitionKey.columns.map((name) => name === null ? null : renamed(name)) },
  }));
  for (const index of indexesOf(catalog, table)) {
    change(catalog, index, ({ index }) => ({
      index: index === null ? null : {
        ...index,
        columns: index.columns.map((name) => name === null ? null : renamed(name)),
        uses: index.uses.map(renamed),
        ...index.definition === undefined ? {} : { definition: renamedDefinition(index.definition, { from, to }) },
      },
    }));
  }
  changeReferrers(catalog, table, ({ constraints, ownerColumn, dependsOn, reads }) => ({
    // The name may be that of another table's column as well.
    ...reads?.includes(from) && dependsOn.some((one) => isSame(one, table)) ? { reads: [...reads, to] } : {},
    ownerColumn: ownerColumn === from && dependsOn.some((one) => isSame(one, table)) ? to : ownerColumn,
    constraints: constraints.map((one) =>
      one.references !== null && isSame(one.references, table)
        ? { ...one, referencedColumns: one.referencedColumns.map(renamed) }
        : one
    ),
  }));
}

/** A constraint and its index have one name. */
function renameConstraint(catalog: Catalog, table: Relation, { from, to }: Renaming): void {
  const constraint = table.constraints.find(({ name }) => name === from);
  if (constraint === undefined || table.constraints.some(({ name }) => name === to)) return;
  change(catalog, table, ({ constraints }) => ({
    constraints: constraints.map((one) => one.name === from ? { ...one, name: to } : one),
  }));
  const index = findRelation(catalog, { schema: table.schema, name: from });
  if (index?.index?.constraint && isSame(index.index.table, table)) {
    moveRelation(catalog, index, { schema: table.schema, name: to });
  }
}

function renameIndex(catalog: Catalog, index: Relation, name: string): void {
  const table = index.index === null ? null : findRelation(catalog, index.index.table);
  if (index.index?.constraint && table !== null) {
    return renameConstraint(catalog, table, { from: index.name, to: name });
  }
  moveRelation(catalog, index, { schema: index.schema, name });
}

/** What has no relation's name: types, domains and functions. */
function renameObject(catalog: Catalog, object: Node | undefined, name: string): void {
  changeObject(catalog, object, ({ schema }) => ({ schema, name }));
}

type Change = (now: { readonly schema: string; readonly name: string }) => { schema: string; name: string };

function changeObject(catalog: Catalog, object: Node | undefined, changed: Change): void {
  if (object === undefined) return;
  const named = "ObjectWithArgs" in object ? object.ObjectWithArgs.objname : "List" in object ? object.List.items : [];
  forgetDefinitions(catalog, listedParts(named).at(-1) ?? "");
  if ("ObjectWithArgs" in object) {
    changeFunctions(catalog, object.ObjectWithArgs, (made): MadeFunction => ({ ...made, ...changed(made) }));
  } else if ("List" in object) {
    const found = typeNamed(catalog, listedParts(object.List.items));
    const type = found === null ? null : madeType(catalog, found);
    if (type !== null) moveType(catalog, type, changed(type));
  }
}

/** The server knows a function, a collation and the like by more than its name: indexes keep it, their text does not. */
function forgetDefinitions(catalog: Catalog, name: string): void {
  const naming = relationsWhere(
    catalog,
    ({ index }) => index?.definition !== undefined && names(index.definition, name),
  );
  for (const index of naming) notPlain(catalog, index);
}

function names(tree: unknown, name: string): boolean {
  let found = false;
  eachNode(tree, (kind, { sval }) => {
    found ||= kind === "String" && sval === name;
  });
  return found;
}

function renameSchema(catalog: Catalog, from: string, to: string): void {
  forgetDefinitions(catalog, from);
  for (const relation of catalog.relations.inSchema(from)) {
    const now = findRelation(catalog, relation);
    if (now !== null) moveRelation(catalog, now, { schema: to, name: now.name });
  }
  for (const type of [...catalog.types.values()]) {
    if (type.schema === from) moveType(catalog, type, { schema: to, name: type.name });
  }
  for (const [key, made] of [...catalog.functions]) {
    if (made[0]?.schema !== from) continue;
    catalog.functions.delete(key);
    catalog.functions.set(
      qualified({ schema: to, name: made[0].name }),
      made.map((one) => ({ ...one, schema: to })),
    );
  }
}

/** A table takes its indexes and the sequences of its columns along. */
export function replaySetSchema(catalog: Catalog, node: AlterObjectSchemaStmt): void {
  const { relation: name, object, newschema: schema } = node;
  if (schema === undefined) return;
  if (name === undefined) return changeObject(catalog, object, ({ name }) => ({ schema, name }));
  const relation = resolveRelation(catalog, name);
  if (relation === null || relation.schema === "pg_catalog") return;
  const along = [...indexesOf(catalog, relation), ...ownedSequences(catalog, relation)];
  moveRelation(catalog, relation, { schema, name: relation.name });
  for (const one of along) {
    const now = findRelation(catalog, one);
    if (now !== null) moveRelation(catalog, now, { schema, name: now.name });
  }
}
