import type { Constraint } from "libpg-query";
import { madeType, typeNamed } from "../../catalog/resolve_type.ts";
import { identifier, listedName, listedParts } from "../../sql/identifiers.ts";
import { type AlterDomain, checkFor } from "../domain_check.ts";
import { type DomainColumn, domainColumns } from "../domain_columns.ts";
import { isInUse } from "../in_use.ts";
import { notNullSteps } from "../not_null_steps.ts";
import type { LintedFile, LintedStatement, NextMigration, Rule } from "../rule.ts";
import { writeSafeForm } from "../safe_form.ts";
import { listOf, shownName } from "../shown_name.ts";
import { tableSql } from "../table_sql.ts";

export const domainConstraint: Rule = {
  id: "domain-constraint",
  severity: "error",
  fires: "ALTER DOMAIN that adds or validates a constraint",
  why:
    "PostgreSQL reads every table that has a column of the domain, with a SHARE lock on each: nobody writes to any of them " +
    "until the last one has been read. VALIDATE CONSTRAINT of a domain does the same.",
  instead:
    "Add the constraint to the domain as NOT VALID, which reads nothing and holds for all that is written from then on. To " +
    "be sure of the rows that are there, give each table the same CHECK, NOT VALID at first, and validate it in a later " +
    "migration.",
  source: "https://www.postgresql.org/docs/current/sql-alterdomain.html",
  examples: [{
    before: [
      "CREATE DOMAIN email AS text;",
      "CREATE TABLE users (id bigint PRIMARY KEY, email email);",
    ],
    bad: "ALTER DOMAIN email ADD CONSTRAINT email_has_at CHECK (VALUE LIKE '%@%');",
    good: [
      "ALTER DOMAIN email ADD CONSTRAINT email_has_at CHECK (VALUE LIKE '%@%') NOT VALID;",
      "ALTER TABLE users ADD CONSTRAINT users_email_has_at CHECK (email LIKE '%@%') NOT VALID;",
      "ALTER TABLE users VALIDATE CONSTRAINT users_email_has_at;",
    ],
  }],
  check: (linted, file) => {
    const { statement, catalog } = linted;
    if (statement.kind !== "AlterDomainStmt" || !readsTables(statement)) return [];
    const name = typeNamed(catalog, listedParts(statement.node.typeName));
    const domain = name === null ? null : madeType(catalog, name);
    if (name === null || domain?.madeBy === file.version) return [];
    const columns = domainColumns(catalog, name).filter(({ relation }) => isInUse(relation, file));
    // Of a domain that no migration has made, nobody knows the tables.
    if (domain !== null && columns.length === 0) return [];
    const tables = [...new Set(columns.map(({ relation }) => shownName(relation)))];
    const read = tables.length === 0
      ? `Every table with a column of ${listedName(statement.node.typeName)} is`
      : `${listOf(tables)} ${tables.length === 1 ? "is" : "are"}`;
    const message = `${read} read whole, with a SHARE lock: nobody writes there until all of it is done.`;
    return [{ message, safeForm: safeFormOf(statement, { columns, linted, file }), fix: null }];
  },
};

/** ADD CONSTRAINT that is valid at once, SET NOT NULL, VALIDATE CONSTRAINT (`AlterDomainStmt.subtype` of the parser). */
function readsTables({ node }: AlterDomain): boolean {
  if (node.subtype === "C") return addedTo(node)?.skip_validation !== true;
  return node.subtype === "O" || node.subtype === "V";
}

function addedTo({ def }: AlterDomain["node"]): Constraint | null {
  return def !== undefined && "Constraint" in def ? def.Constraint : null;
}

interface Used {
  readonly columns: readonly DomainColumn[];
  readonly linted: LintedStatement;
  readonly file: LintedFile;
}

/** The same for each table by itself; null where what is to be tested is not in the statement. */
function safeFormOf(statement: AlterDomain, { columns, linted: { catalog }, file }: Used): string | null {
  const constraint = addedTo(statement.node);
  const isNotNull = statement.node.subtype === "O" || constraint?.contype === "CONSTR_NOTNULL";
  if (statement.node.subtype === "V" || columns.some(({ isArray }) => isArray)) return null;
  const steps = columns.flatMap(({ relation, column }): readonly NextMigration[] => {
    const { schema, name } = relation;
    const range = { schemaname: schema, relname: name, inh: true };
    const sql = tableSql({ node: { relation: schema === "public" ? { relname: name, inh: true } : range } }, relation, {
      catalog,
      file,
    });
    if (isNotNull) {
      const { action, next } = notNullSteps(sql, { column, postgresVersion: file.postgresVersion });
      return [{
        title: `let no more NULLs into ${name}.${column}`,
        sql: `${sql.alter} ${action};`,
        noTransaction: false,
      }, next];
    }
    const own = identifier(sql.freeName(column, "check"));
    const add = `${sql.alter} ADD CONSTRAINT ${own} ${checkFor(statement, constraint!, column)} NOT VALID;`;
    return [
      { title: `check what is written to ${name}.${column}`, sql: add, noTransaction: false },
      { title: `check the rows of ${name}`, sql: `${sql.alter} VALIDATE CONSTRAINT ${own};`, noTransaction: false },
    ];
  });
  const notValid = { title: "check what is written", sql: `${statement.text} NOT VALID;`, noTransaction: false };
  return isNotNull ? steps.length === 0 ? null : writeSafeForm(steps) : writeSafeForm([notValid, ...steps]);
}
