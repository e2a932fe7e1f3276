/** ADD COLUMN of a table that is in use, in steps for which nobody waits long. */

import type { Catalog, Relation } from "../catalog/catalog.ts";
import { resolveType } from "../catalog/resolve_type.ts";
import { expressionVolatility } from "../catalog/volatility.ts";
import { identifier, literal } from "../sql/identifiers.ts";
import type { ActionSteps } from "./action_problems.ts";
import type { AlterTable, AlterTableAction } from "./alter_table_actions.ts";
import { backfill } from "./backfill.ts";
import { type ColumnConstraint, type ColumnParts, columnParts, constraintOf } from "./column_parts.ts";
import { underConstrainedDomain } from "./constrained_domain.ts";
import { notNullSteps } from "./not_null_steps.ts";
import type { LintedFile, NextMigration } from "./rule.ts";
import { serialType } from "./serial_type.ts";
import { type TableSql, tableSql } from "./table_sql.ts";
import { typeSql } from "./type_sql.ts";
import { uniqueSteps } from "./unique_steps.ts";

export interface Staging {
  readonly statement: AlterTable;
  readonly action: AlterTableAction;
  readonly relation: Relation;
  readonly catalog: Catalog;
  readonly file: LintedFile;
}

/** How rows that are there and rows that come get their values. */
interface Values {
  /** What the column begins with: a default that costs nothing; null for none. */
  readonly inline: string | null;
  /** The default for rows that come, where it is not the one that the column begins with. */
  readonly later: string | null;
  /** What rows that are there get, in batches; null for nothing. */
  readonly fill: string | null;
  /** A sequence to make before. Not as SQL. */
  readonly sequence: string | null;
}

/**
 * The steps for one ADD COLUMN: a column without anything that reads or writes every row; the default for rows that
 * come; the rows that are there, in batches; then NOT NULL, checks and foreign keys, not validated at first; then the
 * indexes. A step that a column does not need is left out. Null where there is no such form.
 */
export function stageColumn(staging: Staging): ActionSteps | null {
  const { statement, action, relation, catalog, file } = staging;
  const parts = columnParts(statement, action);
  if (parts === null || constraintOf(parts, "CONSTR_GENERATED") !== null) return null;
  const sql = tableSql(statement, relation, { catalog, file });
  const values = valuesOf(parts, { staging, sql });
  const notNull = isNotNull(parts) && values.inline === null;
  const references = constraintOf(parts, "CONSTR_FOREIGN");
  // Without a default, there is nothing yet to look up in the other table.
  const inlineReferences = references !== null && values.inline === null ? references : null;
  const checks = checksOf(parts, { staging, sql, references: inlineReferences === null ? references : null });
  const unique = uniqueOf(parts, sql);
  if (unique === null) return null;
  const domainBase = underConstrainedDomain(parts.definition.typeName, catalog);
  const isEmpty = values.inline === null && values.later === null && inlineReferences === null;
  const column = [
    parts.head,
    domainBase === null ? serialType(parts.definition) ?? parts.type : typeSql(domainBase),
    parts.attributes,
    values.inline === null ? "" : `DEFAULT ${values.inline}`,
    isNotNull(parts) && !notNull ? "NOT NULL" : "",
    inlineReferences?.text ?? "",
    // It says that the column is to be empty at first.
    isEmpty && parts.constraints.some(({ constraint }) => constraint.contype !== "CONSTR_CHECK") ? "NULL" : "",
  ].filter((part) => part !== "").join(" ");
  const own = identifier(parts.name);
  const setDefault = values.later === null ? [] : [`ALTER COLUMN ${own} SET DEFAULT ${values.later}`];
  const next: NextMigration[] = [];
  if (values.fill !== null) {
    const note = values.fill === UNKNOWN_VALUE ? { note: "Put what each row is to have in place of NULL." } : {};
    next.push(backfill({ table: sql.table, relation, column: parts.name, value: values.fill, ...note }));
  }
  if (notNull) {
    const steps = notNullSteps(sql, { column: parts.name, postgresVersion: file.postgresVersion });
    const add = `${sql.alter} ${steps.action};`;
    next.push({ title: `let no more NULLs into ${parts.name}`, sql: add, noTransaction: false }, steps.next);
  }
  const validate = checks.map(({ name }) => `${sql.alter} VALIDATE CONSTRAINT ${name};`).join("\n");
  if (checks.length > 0) {
    next.push({ title: `validate what ${parts.name} must be`, sql: validate, noTransaction: false });
  }
  next.push(...unique, ...identityStep(parts, { sql, sequence: values.sequence }));
  return {
    title: `add ${parts.name}`,
    before: values.sequence === null ? [] : [`CREATE SEQUENCE ${sql.inSchema(values.sequence)}`],
    action: [column, ...setDefault, ...checks.map(({ action }) => action)].join(", "),
    after: ownedBy(parts, { sql, sequence: values.sequence }),
    next,
    // Another type than the one that was asked for is for a person to choose.
    mechanical: values.fill === null && !notNull && domainBase === null,
  };
}

interface Around {
  readonly staging: Staging;
  readonly sql: TableSql;
}

function valuesOf(parts: ColumnParts, { staging, sql }: Around): Values {
  const isIdentity = constraintOf(parts, "CONSTR_IDENTITY") !== null;
  if (isIdentity || serialType(parts.definition) !== null) {
    const sequence = sql.freeName(parts.name, isIdentity ? "fill" : "seq");
    const value = `nextval(${literal(sql.inSchema(sequence))})`;
    return { inline: null, later: value, fill: value, sequence };
  }
  const given = defaultOf(parts);
  if (given === null) {
    return { inline: null, later: null, fill: isNotNull(parts) ? valueOfEach(parts, staging) : null, sequence: null };
  }
  const volatility = expressionVolatility(given.constraint.raw_expr, staging.catalog);
  const value = given.body.replace(/^DEFAULT\s*/i, "");
  return volatility === "immutable" || volatility === "stable"
    ? { inline: value, later: null, fill: null, sequence: null }
    : { inline: null, later: value, fill: value, sequence: null };
}

/** Stands for a value that whoever reads the safe form has to give. */
const UNKNOWN_VALUE = "NULL";

/** What a row that is there gets in a column that must not be NULL and has no default: nobody knows but who asks for it. */
function valueOfEach(parts: ColumnParts, { catalog }: Staging): string {
  const type = resolveType(catalog, parts.definition.typeName!);
  const isKey = constraintOf(parts, "CONSTR_FOREIGN") !== null;
  return type?.name === "uuid" && !isKey ? "gen_random_uuid()" : UNKNOWN_VALUE;
}

/** The column's default; null for none, and for the NULL that every column has without one. */
export function defaultOf(parts: ColumnParts): ColumnConstraint | null {
  const given = constraintOf(parts, "CONSTR_DEFAULT");
  const expression = given?.constraint.raw_expr;
  const isNull = expression !== undefined && "A_Const" in expression && expression.A_Const.isnull === true;
  return isNull ? null : given;
}

function isNotNull(parts: ColumnParts): boolean {
  return (["CONSTR_NOTNULL", "CONSTR_PRIMARY", "CONSTR_IDENTITY"] as const)
    .some((kind) => constraintOf(parts, kind) !== null) || serialType(parts.definition) !== null;
}

/** Constraints of the column as constraints of the table, not validated. */
function checksOf(
  parts: ColumnParts,
  { staging, sql, references }: Around & { readonly references: ColumnConstraint | null },
): readonly { readonly name: string; readonly action: string }[] {
  const own = identifier(parts.name);
  const named = (given: string | undefined, label: string) => identifier(given ?? sql.freeName(parts.name, label));
  const checks = parts.constraints.filter(({ constraint }) => constraint.contype === "CONSTR_CHECK");
  // Casting to the domain tests what it demands, and NULL is for NOT NULL to forbid.
  const domain = underConstrainedDomain(parts.definition.typeName, staging.catalog) === null
    ? null
    : `CHECK (${own} IS NULL OR ${own}::${parts.type} IS NOT NULL)`;
  const added = [
    ...checks.map(({ constraint, body }) => ({ name: named(constraint.conname, "check"), body })),
    ...(domain === null ? [] : [{ name: named(undefined, "check"), body: domain }]),
    ...(references === null ? [] : [{
      name: named(references.constraint.conname, "fkey"),
      body: `FOREIGN KEY (${own}) ${references.body}`,
    }]),
  ];
  return added.map(({ name, body }) => ({ name, action: `ADD CONSTRAINT ${name} ${body} NOT VALID` }));
}

function uniqueOf(parts: ColumnParts, sql: TableSql): readonly NextMigration[] | null {
  const steps: NextMigration[] = [];
  for (const { constraint, text } of parts.constraints) {
    if (constraint.contype !== "CONSTR_UNIQUE" && constraint.contype !== "CONSTR_PRIMARY") continue;
    const initdeferred = /\bINITIALLY\s+DEFERRED\b/i.test(text);
    const deferrable = initdeferred || /(?<!\bNOT\s+)\bDEFERRABLE\b/i.test(text);
    const own = uniqueSteps(sql, { constraint: { ...constraint, deferrable, initdeferred }, columns: [parts.name] });
    if (own === null) return null;
    steps.push(...own);
  }
  return steps;
}

/** A serial column owns its sequence, which then goes with it. */
function ownedBy(parts: ColumnParts, { sql, sequence }: { sql: TableSql; sequence: string | null }): readonly string[] {
  if (sequence === null || serialType(parts.definition) === null) return [];
  return [`ALTER SEQUENCE ${sql.inSchema(sequence)} OWNED BY ${sql.table}.${identifier(parts.name)}`];
}

/** The sequence that filled the column gives way to the one that an identity column has. */
function identityStep(
  parts: ColumnParts,
  { sql, sequence }: { readonly sql: TableSql; readonly sequence: string | null },
): readonly NextMigration[] {
  const identity = constraintOf(parts, "CONSTR_IDENTITY");
  if (identity === null || sequence === null) return [];
  const [own, filled] = [identifier(parts.name), sql.inSchema(sequence)];
  const text = `${sql.alter} ALTER COLUMN ${own} DROP DEFAULT;
${sql.alter} ALTER COLUMN ${own} ADD ${identity.body};
SELECT setval(pg_get_serial_sequence(${literal(sql.table)}, ${literal(parts.name)}), nextval(${
    literal(filled)
  }), false);
DROP SEQUENCE ${filled};`;
  return [{ title: `make ${parts.name} an identity column`, sql: text, noTransaction: false }];
}
