import { keyProblems } from "../key_steps.ts";
import type { Rule } from "../rule.ts";

export const addUnique: Rule = {
  id: "add-unique",
  severity: "error",
  fires: "a UNIQUE constraint that builds its index",
  why:
    "The index is built over the whole table under the ACCESS EXCLUSIVE lock of ALTER TABLE: nobody reads or writes the " +
    "table for as long as that takes.",
  instead:
    "Build the unique index with CREATE UNIQUE INDEX CONCURRENTLY, in a no-transaction file, while others read and write. " +
    "Then add the constraint with USING INDEX, which is instant.",
  source:
    "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX",
  examples: [{
    before: ["CREATE TABLE users (id bigint PRIMARY KEY, email text);"],
    bad: "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);",
    good: [
      "-- pgmigrate: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);",
      "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key;",
    ],
  }],
  check: (linted, file) => keyProblems(linted, { file, kind: "CONSTR_UNIQUE" }),
};
