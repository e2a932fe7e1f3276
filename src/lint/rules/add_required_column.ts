import { resolveType } from "../../catalog/resolve_type.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { identifier } from "../../sql/identifiers.ts";
import type { ActionSteps } from "../action_problems.ts";
import { type AddedColumn, addedColumnProblems } from "../added_columns.ts";
import { underConstrainedDomain } from "../constrained_domain.ts";
import { type ColumnParts, constraintOf } from "../column_parts.ts";
import { neutralValue } from "../neutral_value.ts";
import type { Rule } from "../rule.ts";
import { serialType } from "../serial_type.ts";
import { defaultOf } from "../staged_column.ts";

export const addRequiredColumn: Rule = {
  id: "add-required-column",
  severity: "error",
  fires: "ADD COLUMN … NOT NULL without a default",
  why:
    "The rows that are there would hold NULL, so that the statement fails on any table that is not empty (23502), having " +
    "held an ACCESS EXCLUSIVE lock. It works on a developer's empty table, and not in production.",
  instead:
    "Give a default: a constant or stable one costs nothing, and can be dropped later. Where each row needs a value of its " +
    "own, add the column without NOT NULL, fill it in batches, and make it NOT NULL after that.",
  source: "https://www.postgresql.org/docs/current/ddl-alter.html#DDL-ALTER-ADDING-A-COLUMN",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);", "INSERT INTO posts VALUES (1, 'Hello');"],
    bad: "ALTER TABLE posts ADD COLUMN language text NOT NULL;",
    badFails: "23502",
    good: ["ALTER TABLE posts ADD COLUMN language text NOT NULL DEFAULT 'en';"],
  }],
  check: (linted, file) =>
    addedColumnProblems(linted, file, (column) => {
      const { sql: { table }, parts } = column;
      if (!isRequired(parts)) return null;
      const message =
        `This fails as soon as ${table} has a row: there is nothing for ${identifier(parts.name)} in it, and ` +
        "it must not be NULL.";
      const value = constantFor(column, linted.catalog);
      return value === null ? { message } : { message, steps: withDefault(column, value) };
    }),
};

function isRequired(parts: ColumnParts): boolean {
  const has = (kind: Parameters<typeof constraintOf>[1]) => constraintOf(parts, kind) !== null;
  if (defaultOf(parts) !== null || serialType(parts.definition) !== null) return false;
  return (has("CONSTR_NOTNULL") || has("CONSTR_PRIMARY")) && !has("CONSTR_IDENTITY") && !has("CONSTR_GENERATED");
}

/** A value that all rows can have; null where there is none, or the column demands more than not to be NULL. */
function constantFor({ parts }: AddedColumn, catalog: Catalog): string | null {
  if (parts.constraints.some(({ constraint }) => constraint.contype !== "CONSTR_NOTNULL")) return null;
  const type = resolveType(catalog, parts.definition.typeName!);
  if (underConstrainedDomain(parts.definition.typeName, catalog) !== null) return null;
  return type === null ? null : neutralValue(type, catalog);
}

function withDefault({ action, parts }: AddedColumn, value: string): ActionSteps {
  return { title: `add ${parts.name}`, action: `${action.text} DEFAULT ${value}`, next: [], mechanical: false };
}
