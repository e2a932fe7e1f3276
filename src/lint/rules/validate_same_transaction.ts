import { isSame, resolveRelation } from "../../catalog/resolve.ts";
import type { Catalog, Relation } from "../../catalog/catalog.ts";
import { identifier } from "../../sql/identifiers.ts";
import type { Statement } from "../../sql/parser.ts";
import { actionProblems } from "../action_problems.ts";
import { addedConstraint, alterTableActions, isAlterTable } from "../alter_table_actions.ts";
import type { Rule } from "../rule.ts";
import { earlierInTransaction } from "../same_transaction.ts";
import { tableSql } from "../table_sql.ts";
import { waitedTable } from "../waited_table.ts";

export const validateSameTransaction: Rule = {
  id: "validate-same-transaction",
  severity: "error",
  fires: "VALIDATE CONSTRAINT in the transaction that added the constraint as NOT VALID",
  why:
    "VALIDATE by itself lets others read and write. But the lock that ADD CONSTRAINT took is held to the end of the " +
    "transaction, and so the rows are read under it: ACCESS EXCLUSIVE for a CHECK, SHARE ROW EXCLUSIVE for a foreign key. " +
    "NOT VALID has gained nothing.",
  instead: "Validate the constraint in the next migration.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-VALIDATE-CONSTRAINT",
  examples: [{
    before: ["CREATE TABLE products (id bigint PRIMARY KEY, price numeric);"],
    bad: `ALTER TABLE products ADD CONSTRAINT products_price_positive CHECK (price > 0) NOT VALID;
ALTER TABLE products VALIDATE CONSTRAINT products_price_positive;`,
    good: [
      "ALTER TABLE products ADD CONSTRAINT products_price_positive CHECK (price > 0) NOT VALID;",
      "ALTER TABLE products VALIDATE CONSTRAINT products_price_positive;",
    ],
  }],
  check: (linted, file) => {
    const { statement, catalog } = linted;
    if (!isAlterTable(statement)) return [];
    const relation = waitedTable(statement.node.relation, linted, file);
    if (relation === null) return [];
    const { alter, table } = tableSql(statement, relation, { catalog, file });
    const added = [...earlierInTransaction(file).map(({ statement }) => statement), statement]
      .flatMap((earlier) => addedNotValid(earlier, { relation, catalog }));
    const found = alterTableActions(statement).flatMap((action) => {
      const { subtype, name = "" } = action.command;
      const kind = subtype === "AT_ValidateConstraint" ? added.find((one) => one.name === name)?.kind : undefined;
      if (kind === undefined) return [];
      const own = identifier(name);
      const effect = kind === "CONSTR_FOREIGN"
        ? "a SHARE ROW EXCLUSIVE lock: nobody writes to either table"
        : "an ACCESS EXCLUSIVE lock: nobody reads or writes the table";
      const message =
        `Adding ${own} has locked ${table} until this migration ends, and so every row of it is read under ` +
        `${effect} until that is done.`;
      const next = { title: `validate ${name}`, sql: `${alter} VALIDATE CONSTRAINT ${own};`, noTransaction: false };
      return [{
        action,
        message,
        steps: { title: "all but the validation", action: null, next: [next], mechanical: true },
      }];
    });
    return actionProblems(statement, found, file);
  },
};

/** The constraints that a statement adds to a table without looking at its rows, with the names that they have got. */
function addedNotValid(
  statement: Statement,
  { relation, catalog }: { readonly relation: Relation; readonly catalog: Catalog },
) {
  if (!isAlterTable(statement)) return [];
  const target = resolveRelation(catalog, statement.node.relation!);
  if (target === null || !isSame(target, relation)) return [];
  const unnamed = relation.constraints.filter(({ validated }) => !validated);
  return alterTableActions(statement).flatMap(({ command }) => {
    const constraint = addedConstraint(command);
    if (constraint?.skip_validation !== true) return [];
    const { conname, contype } = constraint;
    const kind = contype === "CONSTR_FOREIGN" ? "foreign-key" : "check";
    // One that the statement does not name is among those of its kind that are not validated.
    const names = conname === undefined
      ? unnamed.filter((one) => one.kind === kind).map(({ name }) => name)
      : [conname];
    return names.map((name) => ({ name, kind: contype }));
  });
}
