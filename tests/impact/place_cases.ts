/** Gives each case its statement and the schema that it is in. */

import { needsNoTransaction } from "../../src/sql/outside_transaction.ts";
import { parse, type Statement } from "../../src/sql/parser.ts";
import type { Case } from "./cases.ts";

export interface PlacedCase {
  readonly setup: string;
  readonly sql: string;
  readonly schema: string;
  readonly statement: Statement;
  readonly isOutside: boolean;
  readonly writesRows: boolean;
}

const WRITES: ReadonlySet<string> = new Set(["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"]);

export interface PlaceOptions {
  /** The server's major version: cases that it does not know are left out. */
  readonly version: number;
  /** Whether cases with the same setup share a schema, as they can where each is rolled back. */
  readonly shared: boolean;
}

/** @throws {Error} for a case that is not one statement */
export async function placeCases(
  cases: readonly Case[],
  { version, shared }: PlaceOptions,
): Promise<readonly PlacedCase[]> {
  const schemas = new Map<string, string>();
  const placed: PlacedCase[] = [];
  for (const { setup, sql, from = 0, until = Infinity, outside } of cases) {
    if (version < from || version > until) continue;
    const outcome = await parse(sql);
    if (outcome.kind !== "statements" || outcome.statements.length !== 1) throw new Error(`One statement: ${sql}`);
    const [statement] = outcome.statements;
    const isOutside = outside ?? needsNoTransaction(statement!) !== null;
    const key = isOutside || !shared ? `${setup}${sql}` : setup;
    const schema = schemas.get(key) ?? `s${schemas.size + 1}`;
    schemas.set(key, schema);
    const writesRows = WRITES.has(statement!.kind);
    placed.push({ setup, sql, schema, statement: statement!, isOutside, writesRows });
  }
  return placed;
}

/** The setups of cases, each in its schema, as one text. */
export function setupOf(cases: readonly Pick<PlacedCase, "schema" | "setup">[]): string {
  const setups = new Map(cases.map(({ schema, setup }) => [schema, setup]));
  return [...setups].map(([schema, setup]) => `CREATE SCHEMA ${schema};\nSET search_path = ${schema};\n${setup}`)
    .join("\n");
}

/** Sent after the setups: a table that is analyzed meanwhile has another plan for the checks of its foreign keys. */
export const WITHOUT_AUTOVACUUM = `DO $$ DECLARE name regclass; BEGIN
  FOR name IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname ~ '^s[0-9]+$'
  LOOP EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', name); END LOOP; END $$`;

/** Parts of about this many schemas each, those of one schema together: looking at a small database is quick. */
export function inParts(cases: readonly PlacedCase[], schemas: number): readonly (readonly PlacedCase[])[] {
  const parts = new Map<number, PlacedCase[]>();
  const order = [...new Set(cases.map(({ schema }) => schema))];
  for (const one of cases) {
    const part = Math.floor(order.indexOf(one.schema) / schemas);
    parts.set(part, [...parts.get(part) ?? [], one]);
  }
  return [...parts.values()];
}
