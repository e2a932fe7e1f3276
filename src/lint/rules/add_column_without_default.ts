import { resolveType } from "../../catalog/resolve_type.ts";
import { identifier } from "../../sql/identifiers.ts";
import type { Statement } from "../../sql/parser.ts";
import { type AddedColumn, addedColumnProblems } from "../added_columns.ts";
import { isAlterTable } from "../alter_table_actions.ts";
import { neutralValue } from "../neutral_value.ts";
import type { LintedFile, Rule } from "../rule.ts";
import { serialType } from "../serial_type.ts";

export const addColumnWithoutDefault: Rule = {
  id: "add-column-without-default",
  severity: "info",
  fires: "ADD COLUMN of a column that may be NULL and has no default",
  why:
    "Rows that are there hold NULL in the new column, and so do those that programs write which do not know it yet. A " +
    "program that expects a value fails on old rows, and only on those.",
  instead:
    "Give a constant or stable default: since PostgreSQL 11 it costs no rewrite, whatever the size of the table. Write NULL " +
    "behind the type where NULL is meant.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "ALTER TABLE posts ADD COLUMN views bigint;",
    good: ["ALTER TABLE posts ADD COLUMN views bigint DEFAULT 0;"],
  }, {
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "ALTER TABLE posts ADD COLUMN deleted_at timestamptz;",
    good: ["ALTER TABLE posts ADD COLUMN deleted_at timestamptz NULL;"],
  }],
  check: (linted, file) =>
    addedColumnProblems(linted, file, (column) => {
      const { action, parts, sql: { table } } = column;
      // NULL, a default, a reference, UNIQUE: whoever writes one has thought about the rows that are there.
      const { constraints } = parts;
      if (constraints.some(({ constraint }) => constraint.contype !== "CONSTR_CHECK")) return null;
      if (serialType(parts.definition) !== null || isFilledHere(column, file)) return null;
      const type = resolveType(linted.catalog, parts.definition.typeName!);
      // A CHECK may forbid the neutral value.
      const value = type === null || TIMES.has(type.name) || constraints.length > 0
        ? null
        : neutralValue(type, linted.catalog);
      const message =
        `The rows that ${table} has hold NULL in ${identifier(parts.name)}, which programs must expect. A ` +
        "constant default would cost nothing; NULL behind the type says that it is meant.";
      const title = `add ${parts.name}`;
      const text = value === null ? "NULL" : `DEFAULT ${value}`;
      return { message, steps: { title, action: `${action.text} ${text}`, next: [], mechanical: false } };
    }),
};

/** When something happened: a default would say that it has happened to every row, deleted_at for one. */
const TIMES: ReadonlySet<string> = new Set(["timestamptz", "timestamp", "date", "timetz", "time"]);

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
