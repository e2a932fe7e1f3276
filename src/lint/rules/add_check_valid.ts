import { columnsIn } from "../../catalog/tree.ts";
import { identifier } from "../../sql/identifiers.ts";
import { addedConstraintProblems, isValidatedAtOnce, notValidSteps } from "../added_constraints.ts";
import type { Rule } from "../rule.ts";

export const addCheckValid: Rule = {
  id: "add-check-valid",
  severity: "error",
  fires: "a CHECK that is added without NOT VALID",
  why:
    "PostgreSQL tests the CHECK on every row that is there, under an ACCESS EXCLUSIVE lock: nobody reads or writes the " +
    "table for as long as that takes. That holds for the CHECK of a new column too, though it is NULL in every row.",
  instead:
    "Add it as NOT VALID: it holds for all that is written from then on, and no row is read. A later migration validates " +
    "it, while others read and write.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT",
  examples: [{
    before: ["CREATE TABLE products (id bigint PRIMARY KEY, price numeric);"],
    bad: "ALTER TABLE products ADD CONSTRAINT products_price_positive CHECK (price > 0);",
    good: [
      "ALTER TABLE products ADD CONSTRAINT products_price_positive CHECK (price > 0) NOT VALID;",
      "ALTER TABLE products VALIDATE CONSTRAINT products_price_positive;",
    ],
  }],
  check: (linted, file) =>
    addedConstraintProblems(linted, {
      file,
      kinds: ["CONSTR_CHECK"],
      faultOf: (added) => {
        if (!isValidatedAtOnce(added)) return null;
        const { constraint, sql } = added;
        // The server names it after its column, where it has one and no more.
        const columns = columnsIn(constraint.raw_expr);
        const chosen = sql.freeName(columns.length === 1 ? columns[0]! : null, "check");
        const message = `${identifier(constraint.conname ?? chosen)} is tested on every row of ${sql.table} under an ` +
          "ACCESS EXCLUSIVE lock: nobody reads or writes the table until that is done.";
        return { message, steps: notValidSteps(added, chosen) };
      },
    }),
};
