import type { AlterTableCmd } from "libpg-query";
import type { DataType } from "../../catalog/catalog.ts";
import { resolveType } from "../../catalog/resolve_type.ts";
import { columnsIn } from "../../catalog/tree.ts";
import { identifier, listedParts } from "../../sql/identifiers.ts";
import type { Statement } from "../../sql/parser.ts";
import { type AddedColumn, addedColumnProblems } from "../added_columns.ts";
import { isAlterTable } from "../alter_table_actions.ts";
import { underConstrainedDomain } from "../constrained_domain.ts";
import { neutralValue } from "../neutral_value.ts";
import type { LintedFile, Rule } from "../rule.ts";
import { serialType } from "../serial_type.ts";
import { fewOf } from "../shown_name.ts";

export const addColumnWithoutDefault: Rule = {
  id: "add-column-without-default",
  severity: "info",
  fires: "ADD COLUMN of a column that may be NULL and has no default",
  why:
    "Rows that are there hold NULL in the new column, and so do those that programs write which do not know it yet. A " +
    "program that expects a value fails on old rows, and only on those.",
  instead:
    "Give a constant or stable default: since PostgreSQL 11 it costs no rewrite, whatever the size of the table. Write NULL " +
    "behind the type where NULL is meant. Nothing is said of a column for which NULL is most likely the truth, since any " +
    "default would be a lie: a time, an identifier (a uuid, a name that ends with _id), a document in JSON. Nor of one that " +
    "has a constraint, or gets a value or a constraint further down in the file. For a text, NULL is proposed: an empty " +
    "string is a value that nobody gave.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "ALTER TABLE posts ADD COLUMN views bigint;",
    good: ["ALTER TABLE posts ADD COLUMN views bigint DEFAULT 0;"],
  }, {
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "ALTER TABLE posts ADD COLUMN subtitle text;",
    good: ["ALTER TABLE posts ADD COLUMN subtitle text NULL;"],
  }],
  check: (linted, file) => {
    const names: string[] = [];
    let of = "";
    const [first] = addedColumnProblems(linted, file, (column) => {
      const { action, parts, sql: { table } } = column;
      // NULL, a default, a reference, UNIQUE, a CHECK: whoever writes one has thought about the rows that are there.
      if (parts.constraints.length > 0 || serialType(parts.definition) !== null) return null;
      const type = resolveType(linted.catalog, parts.definition.typeName!);
      if (type !== null && meansNull(type, parts.name)) return null;
      // Its own rule has another type for it.
      if (underConstrainedDomain(parts.definition.typeName, linted.catalog) !== null) return null;
      if (isFilledHere(column, file) || isConstrainedHere(column, file)) return null;
      names.push(identifier(parts.name));
      of = table;
      const value = type === null ? null : neutralValue(type, linted.catalog);
      const text = value === null || value === "''" ? "NULL" : `DEFAULT ${value}`;
      const title = `add ${parts.name}`;
      return { message: "", steps: { title, action: `${action.text} ${text}`, next: [], mechanical: false } };
    });
    if (first === undefined) return [];
    // One note for all: they are one thought.
    const message =
      `The rows that ${of} has hold NULL in ${fewOf(names)}, which programs must expect. A constant default ` +
      "would cost nothing; NULL behind the type says that it is meant.";
    return [{ ...first, message }];
  },
};

/** Types of times: a default would say that something has happened to every row. And of documents and identifiers. */
const NO_NEUTRAL: ReadonlySet<string> = new Set(
  ["timestamptz", "timestamp", "date", "timetz", "time", "json", "jsonb", "uuid"],
);

function meansNull({ name: type, dimensions }: DataType, column: string): boolean {
  return (dimensions === 0 && NO_NEUTRAL.has(type)) || /_(id|at)$/i.test(column);
}

/** Whether the file goes on to demand something of the column, about which other rules speak. */
function isConstrainedHere({ statement, parts: { name } }: AddedColumn, { statements }: LintedFile): boolean {
  return statements.some((other) =>
    other.start >= statement.start && isAlterTable(other) &&
    other.node.relation?.relname === statement.node.relation?.relname &&
    (other.node.cmds ?? []).some((node) => "AlterTableCmd" in node && constrains(node.AlterTableCmd, name))
  );
}

function constrains({ subtype, name, def }: AlterTableCmd, column: string): boolean {
  if (subtype === "AT_SetNotNull") return name === column;
  if (subtype !== "AT_AddConstraint" || def === undefined || !("Constraint" in def)) return false;
  const { keys, fk_attrs: own, raw_expr: expression } = def.Constraint;
  return [...listedParts(keys), ...listedParts(own), ...columnsIn(expression)].includes(column);
}

/** Whether the file goes on to give the column values: by a default, an UPDATE or a trigger. */
function isFilledHere({ statement, parts: { name } }: AddedColumn, { statements }: LintedFile): boolean {
  return statements.some((other) =>
    other.start >= statement.start &&
    (setsDefault(other, name) ||
      sameTable(other, statement) && (other.kind === "CreateTrigStmt" || updates(other, name)))
  );
}

function setsDefault(statement: Statement, column: string): boolean {
  return isAlterTable(statement) &&
    (statement.node.cmds ?? []).some((node) =>
      "AlterTableCmd" in node && node.AlterTableCmd.name === column && node.AlterTableCmd.def !== undefined &&
      node.AlterTableCmd.subtype === "AT_ColumnDefault"
    );
}

function updates({ kind, node }: Statement, column: string): boolean {
  return kind === "UpdateStmt" &&
    (node.targetList ?? []).some((target) => "ResTarget" in target && target.ResTarget.name === column);
}

function sameTable({ kind, node }: Statement, { node: { relation } }: AddedColumn["statement"]): boolean {
  if (kind !== "UpdateStmt" && kind !== "CreateTrigStmt") return false;
  return node.relation?.relname === relation?.relname;
}
