/** Runs the cases on a server and measures what they do, as `rehearse` measures. */

import type { Catalog } from "../../src/catalog/catalog.ts";
import { connect } from "../../src/database/connect.ts";
import type { Database } from "../../src/database/database.ts";
import { parseTarget } from "../../src/database/dsn.ts";
import { measureOutside } from "../../src/database/measure_outside.ts";
import { measureStatement, type Observed } from "../../src/database/measure_statement.ts";
import { readCatalog } from "../../src/database/read_catalog.ts";
import type { Session } from "../../src/database/session.ts";
import { systemFiles } from "../../src/database/setting_files.ts";
import { OBSERVER_SETTINGS } from "../../src/database/watch_waits.ts";
import { parse } from "../../src/sql/parser.ts";
import type { Server } from "../servers/mod.ts";
import { type PlacedCase, setupOf, WITHOUT_AUTOVACUUM } from "./place_cases.ts";

export interface MeasuredCase {
  readonly placed: PlacedCase;
  /** The database as it was before it, as `plan` reads it. */
  readonly catalog: Catalog;
  readonly seen: Observed;
}

/** A database for the tests of what reads or runs on one. */
export async function open(url: string): Promise<Database> {
  const target = await parseTarget({ url, env: {}, files: systemFiles, os: "other", warn: () => {} });
  const { signal } = new AbortController();
  return await connect(target, { purpose: "write", signal, waitMs: 0, onWait: () => {}, warn: () => {} });
}

/** Measures cases one after the other, on a database of their own. @throws what a statement throws */
export async function measureCases(
  server: Server,
  cases: readonly PlacedCase[],
  onMeasured: (measured: MeasuredCase) => void,
): Promise<void> {
  await using made = await server.createDatabase();
  await made.query(setupOf(cases));
  await made.query(WITHOUT_AUTOVACUUM);
  await using database = await open(made.url);
  await using observer = await database.open();
  await observer.run(OBSERVER_SETTINGS.join("; "));
  await using common = await database.open();
  // Where names are looked up is said by a statement too, as a migration would.
  const path = await parse(`SET search_path = ${[...new Set(cases.map(({ schema }) => schema))].join(", ")}`);
  const statements = path.kind === "statements" ? path.statements : [];
  const { catalog } = await readCatalog(common, [...statements, ...cases.map(({ statement }) => statement)]);
  for (const placed of cases) {
    catalog.searchPath = [placed.schema];
    // Plans of foreign keys are kept in a session: what they lock shows when they are made.
    await using own = placed.writesRows ? await database.open() : null;
    const seen = await measureCase(own ?? common, { placed, database, observer });
    onMeasured({ placed, catalog, seen });
  }
}

async function measureCase(
  session: Session,
  { placed, database, observer }: {
    readonly placed: PlacedCase;
    readonly database: Database;
    readonly observer: Session;
  },
): Promise<Observed> {
  const onNotice = () => {};
  const { schema, sql } = placed;
  try {
    await session.run(`${placed.isOutside ? "" : "BEGIN; "}SET search_path = ${schema}`);
    if (!placed.isOutside) return await measureStatement(session, (listen) => session.run(sql, listen), { onNotice });
    const named = (relation: { readonly schema: string }) => [schema, "impact_whole"].includes(relation.schema);
    const options = { database, observer, named, commits: false, onNotice };
    return await measureOutside(session, (listen) => session.run(sql, listen), options);
  } catch (error) {
    throw new Error(sql, { cause: error });
  } finally {
    if (!placed.isOutside) await session.run("ROLLBACK");
  }
}
