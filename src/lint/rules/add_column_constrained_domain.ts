import type { Catalog, DataType, MadeType } from "../../catalog/catalog.ts";
import { madeType, resolveType } from "../../catalog/resolve_type.ts";
import { identifier } from "../../sql/identifiers.ts";
import { type AddedColumn, addedColumnProblems } from "../added_columns.ts";
import type { Rule } from "../rule.ts";
import { typeSql } from "../type_sql.ts";

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
    addedColumnProblems(linted, file, (column) => {
      const domain = domainOf(column, linted.catalog);
      if (domain === null) return null;
      const { sql: { table }, parts: { name, type } } = column;
      const message =
        `The constraints of ${type} are tested on every row of ${table}, NULL or not: the whole of ${table} ` +
        "is written anew under an ACCESS EXCLUSIVE lock, and nobody reads or writes it until that is done.";
      const base = baseOf(domain, linted.catalog);
      if (base === null) return { message, steps: null };
      const own = identifier(name);
      // Casting to the domain tests what it demands, and NULL is for NOT NULL to forbid.
      return {
        message,
        staging: { type: typeSql(base), checks: [`CHECK (${own} IS NULL OR ${own}::${type} IS NOT NULL)`] },
      };
    }),
};

function domainOf({ parts: { definition } }: AddedColumn, catalog: Catalog): MadeType | null {
  const type = resolveType(catalog, definition.typeName!);
  // An array of a domain is NULL without anything to test.
  if (type === null || type.dimensions > 0) return null;
  const made = madeType(catalog, type);
  return made?.kind === "domain" && made.constrained ? made : null;
}

/** The type at the bottom, where domains are over domains. */
function baseOf({ base }: MadeType, catalog: Catalog): DataType | null {
  if (base === null) return null;
  const below = madeType(catalog, base);
  return below?.kind === "domain" ? baseOf(below, catalog) : base;
}
