import { keyProblems } from "../key_steps.ts";
import type { Rule } from "../rule.ts";

export const addPk: Rule = {
  id: "add-pk",
  severity: "error",
  fires: "a PRIMARY KEY that builds its index, or whose columns may hold NULL",
  why:
    "The index is built over the whole table, and every row is read for NULLs, under the ACCESS EXCLUSIVE lock of ALTER " +
    "TABLE: nobody reads or writes the table for as long as that takes.",
  instead:
    "Make the columns NOT NULL first, by a CHECK that is validated. Build the unique index with CREATE UNIQUE INDEX " +
    "CONCURRENTLY, in a no-transaction file, while others read and write. Then add the key with USING INDEX, which is " +
    "instant.",
  source:
    "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX",
  examples: [{
    before: ["CREATE TABLE logins (user_id bigint NOT NULL, at timestamptz NOT NULL);"],
    bad: "ALTER TABLE logins ADD PRIMARY KEY (user_id, at);",
    good: [
      "-- pgmigrate: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY logins_pkey ON logins (user_id, at);",
      "ALTER TABLE logins ADD CONSTRAINT logins_pkey PRIMARY KEY USING INDEX logins_pkey;",
    ],
  }, {
    before: [
      "CREATE TABLE logins (user_id bigint);",
      "-- pgmigrate: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY logins_pkey ON logins (user_id);",
    ],
    bad: "ALTER TABLE logins ADD CONSTRAINT logins_pkey PRIMARY KEY USING INDEX logins_pkey;",
    good: [
      "ALTER TABLE logins ADD CONSTRAINT logins_user_id_not_null_check CHECK (user_id IS NOT NULL) NOT VALID;",
      `ALTER TABLE logins VALIDATE CONSTRAINT logins_user_id_not_null_check;
ALTER TABLE logins ALTER COLUMN user_id SET NOT NULL;
ALTER TABLE logins DROP CONSTRAINT logins_user_id_not_null_check;`,
      "ALTER TABLE logins ADD CONSTRAINT logins_pkey PRIMARY KEY USING INDEX logins_pkey;",
    ],
  }],
  check: (linted, file) => keyProblems(linted, { file, kind: "CONSTR_PRIMARY" }),
};
