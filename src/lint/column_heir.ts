/** A column that takes another one's place gets what that one has: defaults, constraints and indexes. */

import type { Relation, TableConstraint } from "../catalog/catalog.ts";
import { renamedDefinition } from "../catalog/replay_index.ts";
import { findColumn, ownedSequences } from "../catalog/resolve.ts";
import { withColumnRenamed } from "../catalog/tree.ts";
import { dotted, identifier } from "../sql/identifiers.ts";
import { expressionSql } from "./expression_sql.ts";
import type { Hanging, HangingOn } from "./hanging.ts";
import { indexSql } from "./index_sql.ts";
import { notNullSteps } from "./not_null_steps.ts";
import type { NextMigration } from "./rule.ts";
import type { TableSql } from "./table_sql.ts";

export interface Heir extends HangingOn {
  /** The new column, filled already. */
  readonly heir: string;
  readonly sql: TableSql;
  readonly hanging: readonly Hanging[];
  readonly postgresVersion: number;
}

export interface Inheritance {
  /** The migrations that give the heir what can be there twice. */
  readonly next: readonly NextMigration[];
  /** Statements of the last migration, before the column goes. */
  readonly before: readonly string[];
  /** And behind that, by which all has the names that it had: programs and later migrations know them. */
  readonly after: readonly string[];
}

/** What stands in `hanging` and is not known is left out. */
export function inherit(heir: Heir): Inheritance {
  const { sql: { alter }, column, hanging } = heir;
  const known = hanging.filter(({ isKnown }) => isKnown);
  const constraints = known.flatMap(({ constraint }) => constraint === undefined ? [] : [constraint]);
  const taken = new Set<string>();
  const named = (columns: readonly string[], label: string) => freeName(heir, { columns, label, taken });
  const made = constraints.filter(isAddedFirst).map((one) => madeAnew(one, { heir, named }));
  const built = [
    ...constraints.filter((one) => !isAddedFirst(one)).map((one) => ({
      name: one.name,
      columns: one.columns,
      constraint: one,
    })),
    ...known.flatMap(({ index }) => index === undefined ? [] : [{ name: index.name, columns: keysOf(index), index }]),
  ].map((one) => builtAnew(one, { heir, named }));
  const keys = constraints.filter(({ kind }) => kind === "foreign-key");
  const validated = made.filter(({ constraint }) => constraint.validated);
  return {
    next: [
      ...requiredSteps(heir),
      ...made.map(({ name, add }) => ({
        title: `add ${name}, not validated`,
        sql: `${alter} ${add};`,
        noTransaction: false,
      })),
      ...step(
        `validate what ${heir.heir} must be`,
        validated.map(({ name }) => `${alter} VALIDATE CONSTRAINT ${identifier(name)};`),
      ),
      ...step(`build the indexes of ${heir.heir}`, built.map(({ create }) => create), true),
      // With the column, it would hold a lock on the other table for longer.
      ...step(
        `the foreign keys of ${column} go`,
        keys.map(({ name }) => `${alter} DROP CONSTRAINT ${identifier(name)};`),
      ),
    ],
    before: defaultSteps(heir),
    after: [
      ...requiredName(heir),
      ...built.map(({ adopt }) => adopt),
      ...made.map(({ name, constraint }) => renamed(alter, { from: name, to: constraint.name })),
    ],
  };
}

/** Constraints that need no index are there before the column goes. */
function isAddedFirst({ kind }: TableConstraint): boolean {
  return kind === "check" || kind === "foreign-key";
}

function keysOf({ index }: Relation): readonly string[] {
  return (index?.columns ?? []).filter((column) => column !== null);
}

interface Making {
  readonly heir: Heir;
  /** A name that nothing has yet; not as SQL. */
  readonly named: (columns: readonly string[], label: string) => string;
}

function madeAnew(constraint: TableConstraint, { heir: { column, heir, sql }, named }: Making) {
  const columns = constraint.columns.map((one) => one === column ? heir : one);
  const name = named(constraint.columns, constraint.kind === "check" ? "check" : "fkey");
  const body = constraint.kind === "check"
    ? `CHECK (${expressionSql(withColumnRenamed(constraint.expression!, { from: column, to: heir }))})`
    : `FOREIGN KEY (${columns.map(identifier).join(", ")}) ${referenceOf(constraint, sql)}` +
      deferralSql(constraint);
  return { name, constraint, add: `ADD CONSTRAINT ${identifier(name)} ${body} NOT VALID` };
}

function deferralSql({ deferral }: TableConstraint): string {
  if (deferral === undefined) return "";
  return ` DEFERRABLE${deferral === "deferred" ? " INITIALLY DEFERRED" : ""}`;
}

function referenceOf({ references, referencedColumns, onDelete, onUpdate }: TableConstraint, sql: TableSql): string {
  const { schema, name } = references!;
  const table = schema === sql.relation.schema ? sql.inSchema(name) : dotted([schema, name]);
  const action = (event: string, action: TableConstraint["onDelete"]) =>
    action === null || action === "no-action" ? "" : ` ON ${event} ${action.replace("-", " ").toUpperCase()}`;
  const columns = referencedColumns.map(identifier).join(", ");
  return `REFERENCES ${table} (${columns})${action("DELETE", onDelete)}${action("UPDATE", onUpdate)}`;
}

interface Built {
  readonly name: string;
  readonly columns: readonly string[];
  readonly constraint?: TableConstraint;
  readonly index?: Relation;
}

function builtAnew({ name: old, columns, constraint, index }: Built, { heir: { column, heir, sql }, named }: Making) {
  const name = named(columns, constraint === undefined ? "idx" : "key");
  const isUnique = constraint !== undefined || index?.index?.unique === true;
  const keys = columns.map((one) => identifier(one === column ? heir : one)).join(", ");
  const definition = index?.index?.definition;
  const body = definition === undefined
    ? `(${keys})`
    : indexSql(renamedDefinition(definition, { from: column, to: heir })) ?? `(${keys})`;
  const kind = constraint?.kind === "primary-key" ? "PRIMARY KEY" : "UNIQUE";
  return {
    create: `CREATE ${isUnique ? "UNIQUE " : ""}INDEX CONCURRENTLY ${identifier(name)} ON ${sql.table} ${body};`,
    adopt: constraint === undefined
      ? `ALTER INDEX ${sql.inSchema(name)} RENAME TO ${identifier(old)};`
      : `${sql.alter} ADD CONSTRAINT ${identifier(old)} ${kind} USING INDEX ${identifier(name)}${
        deferralSql(constraint)
      };`,
  };
}

/** A name after the heir, which neither the database nor these steps have given to anything. */
function freeName(
  { sql, column, heir }: Heir,
  { columns, label, taken }: {
    readonly columns: readonly string[];
    readonly label: string;
    readonly taken: Set<string>;
  },
): string {
  const joined = columns.map((one) => one === column ? heir : one).join("_");
  for (let number = 0;; number++) {
    const name = sql.freeName(joined, number === 0 ? label : `${label}${number}`);
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

/** NOT NULL. */
function requiredSteps({ sql, column, heir, postgresVersion }: Heir): readonly NextMigration[] {
  if (findColumn(sql.relation, column)?.notNull !== true) return [];
  const { action, next } = notNullSteps(sql, { column: heir, postgresVersion });
  return [{ title: `let no more NULLs into ${heir}`, sql: `${sql.alter} ${action};`, noTransaction: false }, next];
}

/** The first version in which NOT NULL has a name. */
const NOT_NULL_NAMED = 18;

function requiredName({ sql, column, heir, postgresVersion }: Heir): readonly string[] {
  const old = sql.relation.constraints.find(({ kind, columns }) => kind === "not-null" && columns[0] === column);
  if (old === undefined || postgresVersion < NOT_NULL_NAMED) return [];
  return [renamed(sql.alter, { from: sql.freeName(heir, "not_null"), to: old.name })];
}

function renamed(alter: string, { from, to }: { readonly from: string; readonly to: string }): string {
  return `${alter} RENAME CONSTRAINT ${identifier(from)} TO ${identifier(to)};`;
}

/** The default, and the sequences that would go with the column. An identity column's cannot be given away. */
function defaultSteps({ sql, column, heir, catalog }: Heir): readonly string[] {
  const old = findColumn(sql.relation, column);
  if (old === null || old.identity || old.generated !== null) return [];
  const sequences = ownedSequences(catalog, sql.relation).filter(({ ownerColumn }) => ownerColumn === column);
  const value = old.default === null ? null : expressionSql(old.default);
  return [
    ...sequences.map(({ schema, name }) => {
      const sequence = schema === sql.relation.schema ? sql.inSchema(name) : dotted([schema, name]);
      return `ALTER SEQUENCE ${sequence} OWNED BY ${sql.table}.${identifier(heir)};`;
    }),
    ...(value === null ? [] : [`${sql.alter} ALTER COLUMN ${identifier(heir)} SET DEFAULT ${value};`]),
  ];
}

/** One migration of statements; none where there are no statements. */
function step(title: string, statements: readonly string[], noTransaction = false): readonly NextMigration[] {
  return statements.length === 0 ? [] : [{ title, sql: statements.join("\n"), noTransaction }];
}
