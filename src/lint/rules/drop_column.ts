import type { Catalog, Relation } from "../../catalog/catalog.ts";
import { findColumn, indexesOf } from "../../catalog/resolve.ts";
import { dotted, identifier } from "../../sql/identifiers.ts";
import { type AlterTable, alterTableActions, isAlterTable } from "../alter_table_actions.ts";
import { isAddedHere, isReplacedHere } from "../column_history.ts";
import type { Problem, Rule } from "../rule.ts";
import { writeSafeForm } from "../safe_form.ts";
import { type TableSql, tableSql } from "../table_sql.ts";
import { waitedTable } from "../waited_table.ts";

export const dropColumn: Rule = {
  id: "drop-column",
  severity: "warning",
  fires: "DROP COLUMN",
  why:
    "The statement is instant, but programs that are running still name the column, in queries that they have prepared too, " +
    "and fail from that moment on. Its values are lost, and so are the indexes and constraints that need it.",
  instead:
    "First release programs that neither read nor write the column. Where it is NOT NULL and has no default, drop that " +
    "before, or they cannot write rows without it. Drop the column when no program names it any more, and say so in the " +
    "file: ignore=drop-column and the reason.",
  source: "https://www.postgresql.org/docs/current/ddl-alter.html#DDL-ALTER-REMOVING-A-COLUMN",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "ALTER TABLE posts DROP COLUMN title;",
    good: ["ALTER TABLE posts DROP COLUMN title; -- pgmigrate: ignore=drop-column no release since 3.2 names it"],
  }],
  check: (linted, file) => {
    const { statement, catalog } = linted;
    if (!isAlterTable(statement)) return [];
    const relation = waitedTable(statement.node.relation, linted, file);
    if (relation === null) return [];
    const sql = tableSql(statement, relation, { catalog, file });
    const dropped = alterTableActions(statement).flatMap(({ command, span }) => {
      const { subtype, name: column = "", missing_ok: missingOk } = command;
      if (subtype !== "AT_DropColumn" || isAddedHere({ relation, column }, linted, file)) return [];
      const isGone = missingOk === true && relation.known && findColumn(relation, column) === null;
      return isGone || isReplacedHere({ relation, column }, linted, file) ? [] : [{ column, span }];
    });
    const safeForm = dropped.length === 0
      ? null
      : contract(statement, { sql, columns: dropped.map(({ column }) => column) });
    return dropped.map(({ column, span }): Problem => {
      const name = `${sql.table}.${identifier(column)}`;
      const along = takenAlong(relation, { column, catalog });
      const others = along.length === 0 ? "" : ` With it goes what needs it: ${along.join(", ")}.`;
      const message = `Programs that name ${name} fail as soon as this is committed, and its values are lost.${others}`;
      return { span, message, safeForm, fix: null };
    });
  },
};

/** The names of the indexes and constraints that go with a column. */
function takenAlong(
  relation: Relation,
  { column, catalog }: { readonly column: string; readonly catalog: Catalog },
): readonly string[] {
  const indexes = indexesOf(catalog, relation).filter(({ index }) => index?.uses.includes(column));
  const constraints = relation.constraints.filter(({ kind, columns }) =>
    kind !== "not-null" && columns.includes(column)
  );
  return [...new Set([...indexes, ...constraints].map(({ name }) => dotted([name])))];
}

/** The statement as it is, at its time; before it, what lets programs stop writing the columns. */
function contract(
  statement: AlterTable,
  { sql, columns }: { readonly sql: TableSql; readonly columns: readonly string[] },
): string {
  const required = columns.filter((name) => {
    const column = findColumn(sql.relation, name);
    return column?.notNull === true && column.default === null && !column.identity && column.generated === null;
  });
  const names = columns.map((column) => `${sql.table}.${identifier(column)}`).join(" and ");
  const drop = {
    title: `when no program names ${names} any more`,
    sql: `${statement.text}; -- pgmigrate: ignore=drop-column no program names it any more`,
    noTransaction: false,
  };
  if (required.length === 0) return `-- ${drop.title.replace(/^w/, "W")}:\n${drop.sql}`;
  const actions = required.map((column) => `ALTER COLUMN ${identifier(column)} DROP NOT NULL`).join(", ");
  const ignore = "-- pgmigrate: ignore=drop-not-null the column is about to go";
  return writeSafeForm([
    { title: "let programs stop writing it", sql: `${sql.alter} ${actions}; ${ignore}`, noTransaction: false },
    drop,
  ]);
}
