/** Runs the cases on a server and measures what they do, as `rehearse` measures. */

import { connect } from "../../src/database/connect.ts";
import type { Database } from "../../src/database/database.ts";
import { parseTarget } from "../../src/database/dsn.ts";
import { measureOutside } from "../../src/database/measure_outside.ts";
import { measureStatement, type Observed } from "../../src/database/measure_statement.ts";
import { systemFiles } from "../../src/database/setting_files.ts";
import { OBSERVER_SETTINGS } from "../../src/database/watch_waits.ts";
import type { Session } from "../../src/database/session.ts";
import { needsNoTransaction } from "../../src/sql/outside_transaction.ts";
import { parse, type Statement } from "../../src/sql/parser.ts";
import type { Server } from "../servers/mod.ts";
import type { Case } from "./cases.ts";

/** A case with the schema that it is in, and its statement. */
export interface PlacedCase extends Omit<Case, "outside"> {
  readonly schema: string;
  readonly statement: Statement;
  readonly outside: boolean;
}

export interface MeasuredCase {
  readonly placed: PlacedCase;
  /** What was seen; the server's refusal in its place. */
  readonly seen: Observed | string;
}

/** Cases of one setup share a schema, since each is rolled back; one that runs outside a transaction has its own. */
export async function place(cases: readonly Case[], version: number): Promise<readonly PlacedCase[]> {
  const schemas = new Map<string, string>();
  const placed: PlacedCase[] = [];
  for (const one of cases) {
    if (version < (one.from ?? 0) || version > (one.until ?? Infinity)) continue;
    const outcome = await parse(one.sql);
    if (outcome.kind !== "statements" || outcome.statements.length !== 1) throw new Error(`One statement: ${one.sql}`);
    const [statement] = outcome.statements;
    const outside = one.outside ?? needsNoTransaction(statement!) !== null;
    const key = outside ? `${one.setup}${one.sql}` : one.setup;
    const schema = schemas.get(key) ?? `s${schemas.size + 1}`;
    schemas.set(key, schema);
    placed.push({ ...one, schema, statement: statement!, outside });
  }
  return placed;
}

/** The setups of cases, each in its schema, as one text. */
export function setupOf(cases: readonly PlacedCase[]): string {
  const setups = new Map(cases.map(({ schema, setup }) => [schema, setup]));
  return [...setups].map(([schema, setup]) => `CREATE SCHEMA ${schema};\nSET search_path = ${schema};\n${setup}`)
    .join("\n");
}

export async function open(url: string): Promise<Database> {
  const target = await parseTarget({ url, env: {}, files: systemFiles, os: "other", warn: () => {} });
  const { signal } = new AbortController();
  return await connect(target, { purpose: "write", signal, waitMs: 0, onWait: () => {}, warn: () => {} });
}

/** Measures all cases one after the other, on a database of their own. */
export async function measureCases(server: Server, cases: readonly PlacedCase[]): Promise<readonly MeasuredCase[]> {
  await using made = await server.createDatabase();
  await made.query(setupOf(cases));
  await using database = await open(made.url);
  await using observer = await database.open();
  await observer.run(OBSERVER_SETTINGS.join("; "));
  const measured: MeasuredCase[] = [];
  for (const placed of cases) {
    // A session of its own: plans of foreign keys are kept, and what they lock shows when they are made.
    await using session = await database.open();
    measured.push({ placed, seen: await measureCase(session, { placed, database, observer }) });
  }
  return measured;
}

async function measureCase(
  session: Session,
  { placed, database, observer }: { placed: PlacedCase; database: Database; observer: Session },
): Promise<Observed | string> {
  const onNotice = () => {};
  try {
    await session.run(`SET search_path = ${placed.schema}`);
    if (placed.outside) {
      return await measureOutside(session, (listen) => session.run(placed.sql, listen), {
        database,
        observer,
        named: ({ schema }) => [placed.schema, "impact_whole"].includes(schema),
        onNotice,
      });
    }
    await session.run("BEGIN");
    const seen = await measureStatement(session, (listen) => session.run(placed.sql, listen), { onNotice });
    await session.run("ROLLBACK");
    return seen;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
