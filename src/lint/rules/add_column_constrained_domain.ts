import { addedColumnProblems } from "../added_columns.ts";
import { underConstrainedDomain } from "../constrained_domain.ts";
import type { Rule } from "../rule.ts";

export const addColumnConstrainedDomain: Rule = {
  id: "add-column-constrained-domain",
  severity: "error",
  fires: "ADD COLUMN of a domain with a CHECK or NOT NULL",
  why:
    "PostgreSQL tests the domain's constraints on every row that is there, even where the column is NULL in all of them, " +
    "and writes the whole table and all of its indexes anew while it does, under an ACCESS EXCLUSIVE lock: nobody reads or " +
    "writes the table for as long as that takes.",
  instead:
    "Give the column the type that the domain is over, and the domain's check to the table as a constraint: NOT VALID at " +
    "first, and validated by a later migration.",
  source: "https://www.postgresql.org/docs/current/sql-createdomain.html",
  examples: [{
    before: [
      "CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');",
      "CREATE TABLE users (id bigint PRIMARY KEY, name text);",
    ],
    bad: "ALTER TABLE users ADD COLUMN email email;",
    good: [
      `ALTER TABLE users
  ADD COLUMN email text,
  ADD CONSTRAINT users_email_check CHECK (email LIKE '%@%') NOT VALID;`,
      "ALTER TABLE users VALIDATE CONSTRAINT users_email_check;",
    ],
  }],
  check: (linted, file) =>
    addedColumnProblems(linted, file, ({ sql: { table }, parts: { definition, type } }) => {
      if (underConstrainedDomain(definition.typeName, linted.catalog) === null) return null;
      const message =
        `The constraints of ${type} are tested on every row of ${table}, NULL or not: the whole of ${table} ` +
        "is written anew under an ACCESS EXCLUSIVE lock, and nobody reads or writes it until that is done.";
      return { message };
    }),
};
