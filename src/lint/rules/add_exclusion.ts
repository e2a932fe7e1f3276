import { identifier } from "../../sql/identifiers.ts";
import { addedConstraintProblems } from "../added_constraints.ts";
import type { Rule } from "../rule.ts";

export const addExclusion: Rule = {
  id: "add-exclusion",
  severity: "error",
  fires: "an EXCLUDE constraint that is added to an existing table",
  why:
    "The index is built over the whole table under the ACCESS EXCLUSIVE lock of ALTER TABLE: nobody reads or writes the " +
    "table for as long as that takes. PostgreSQL has no way to build it while others write: neither CONCURRENTLY nor USING " +
    "INDEX knows EXCLUDE.",
  instead:
    "Make a new table that has the constraint, and move the rows over in batches. Or do it while nobody needs the table, " +
    "and say so in the file: ignore=add-exclusion and the reason.",
  source: "https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-EXCLUDE",
  examples: [{
    before: ["CREATE TABLE bookings (id bigint PRIMARY KEY, during tsrange);"],
    bad: "ALTER TABLE bookings ADD CONSTRAINT bookings_during_excl EXCLUDE USING gist (during WITH &&);",
    good: [
      `CREATE TABLE bookings_apart (
  id bigint PRIMARY KEY,
  during tsrange,
  CONSTRAINT bookings_during_excl EXCLUDE USING gist (during WITH &&)
);`,
    ],
  }],
  check: (linted, file) =>
    addedConstraintProblems(linted, {
      file,
      kinds: ["CONSTR_EXCLUSION"],
      faultOf: ({ constraint, sql }) => {
        const name = constraint.conname === undefined ? "an EXCLUDE constraint" : identifier(constraint.conname);
        const message =
          `The index of ${name} is built over the whole of ${sql.table} under an ACCESS EXCLUSIVE lock: ` +
          "nobody reads or writes the table until that is done. There is no form of it that lets others write meanwhile.";
        return { message, steps: null };
      },
    }),
};
