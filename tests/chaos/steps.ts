/** The migrations of a round, each with a way to see which of its statements have had their effect, and how often. */

import type { Random } from "./random.ts";

/** A statement, and a query that gives one row with `times`: how often it has had its effect. */
export interface Statement {
  readonly sql: string;
  readonly times: string;
}

export interface Step {
  readonly version: number;
  readonly kind: "transaction" | "index" | "several";
  readonly name: string;
  readonly statements: readonly Statement[];
  readonly text: string;
}

/** What all others work on. */
export const GROUND = `CREATE TABLE effects (version int, part int);
CREATE PROCEDURE take_effect(version int, part int) LANGUAGE plpgsql AS $$
BEGIN INSERT INTO effects VALUES (version, part); COMMIT; END $$;
CREATE TABLE big AS SELECT g AS n, g % 7 AS m FROM generate_series(1, 5000) g;
`;

const OUTSIDE = "-- pgmigrate: no-transaction\n";

/** A migration in a transaction: a row, a table, and some time in which it can be hit. */
export function transactionStep(version: number, sleepSeconds: number | null): Step {
  const table = `t_${version}`;
  const sleep = sleepSeconds === null ? [] : [{ sql: `SELECT pg_sleep(${sleepSeconds})`, times: "SELECT 1 AS times" }];
  return step(version, "transaction", [
    effect(version, 1),
    { sql: `CREATE TABLE ${table} ()`, times: `SELECT count(*) AS times FROM pg_tables WHERE tablename = '${table}'` },
    ...sleep,
  ]);
}

/** A migration in a transaction that waits until an advisory lock is free. */
export function gatedStep(version: number, gate: number): Step {
  return step(version, "transaction", [
    effect(version, 1),
    { sql: `SELECT pg_advisory_xact_lock(${gate})`, times: "SELECT 1 AS times" },
  ]);
}

export function indexStep(version: number): Step {
  return step(version, "index", [index(version)]);
}

/**
 * Several statements: one that can be noted together with its effect, one that commits by itself and leaves nothing by
 * which a program could tell, and an index, which does. The one in the middle comes once more at the end.
 */
export function severalStep(version: number): Step {
  return step(version, "several", [effect(version, 1), call(version, 2), index(version), call(version, 3)]);
}

export function randomStep(version: number, random: Random): Step {
  const kind = random.pick(["transaction", "transaction", "transaction", "index", "several"] as const);
  if (kind === "index") return indexStep(version);
  if (kind === "several") return severalStep(version);
  return transactionStep(version, random.happens(0.5) ? random.between(10, 200) / 1000 : null);
}

function step(version: number, kind: Step["kind"], statements: readonly Statement[]): Step {
  const sql = statements.map(({ sql }) => `${sql};\n`).join("");
  const name = `${String(version).padStart(3, "0")}_${kind}.sql`;
  return { version, kind, name, statements, text: kind === "transaction" ? sql : `${OUTSIDE}${sql}` };
}

function effect(version: number, part: number): Statement {
  return { sql: `INSERT INTO effects VALUES (${version}, ${part})`, times: timesOf(version, part) };
}

function call(version: number, part: number): Statement {
  return { sql: `CALL take_effect(${version}, ${part})`, times: timesOf(version, part) };
}

function timesOf(version: number, part: number): string {
  return `SELECT count(*) AS times FROM effects WHERE version = ${version} AND part = ${part}`;
}

function index(version: number): Statement {
  const valid = `SELECT FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE i.relname = 'i_${version}' AND x.indisvalid`;
  return {
    sql: `CREATE INDEX CONCURRENTLY i_${version} ON big ((n + m * ${version}))`,
    times: `SELECT count(*) AS times FROM (${valid}) valid`,
  };
}
