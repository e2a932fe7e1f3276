/** `plan`: what the pending migrations would do to a database, and to those who use it. */

import type { Catalog } from "../catalog/catalog.ts";
import { replay } from "../catalog/replay.ts";
import { resetSession } from "../catalog/replay_settings.ts";
import { type ReadCatalog, readCatalog } from "../database/read_catalog.ts";
import { readUsage } from "../database/read_usage.ts";
import type { Session } from "../database/session.ts";
import { findTracker } from "../database/find_tracker.ts";
import { readTracker } from "../database/tracker.ts";
import type { Usage } from "../database/usage.ts";
import type { PlannedBlock, PlanResult, StatementJudged, Verdict } from "../events.ts";
import { compare } from "../history/compare.ts";
import type { Impact } from "../impact/impact.ts";
import { type CommittedBatches, committedBatches } from "../impact/committed_batches.ts";
import { impactOf } from "../impact/impact_of.ts";
import { readMigrationsToRun } from "../migration/read_migrations.ts";
import type { Statement } from "../sql/parser.ts";
import { type Bodies, readBodies, statementsIn } from "../sql/routine_body.ts";
import { statementEffect } from "../sql/statement_effect.ts";
import type { Context } from "./context.ts";
import { existingNames, withPlan } from "./impact_on_server.ts";
import { blockedTables, heldAfter } from "./held_locks.ts";
import { judge } from "./judge.ts";
import type { PlanOptions } from "./options.ts";
import { parseChecked, type ParsedFile } from "./pending_statements.ts";
import { planFiles } from "./plan_files.ts";
import { type Plans, readPlansOf } from "./read_plans.ts";
import { countRows } from "./row_counts.ts";
import { reportFiles, reportRenamed } from "./report_files.ts";
import { unparsedFile } from "./unparsed_file.ts";
import type { HeldLock } from "./verdict.ts";
import { withSession } from "./with_session.ts";
import { rowsOfBatches, writtenRows } from "./written_rows.ts";

/**
 * Says of each statement that `up` would run what it locks, reads and writes, and how bad that is. It changes nothing, and
 * nothing that it locks makes anybody wait.
 *
 * @throws {Failure} where history does not match the files, a file has a mistake, or the database cannot be read
 */
export async function plan(context: Context, options: PlanOptions): Promise<PlanResult> {
  const read = await readMigrationsToRun(context.files, options.migrations);
  reportFiles(context, read);
  await using database = await context.connect("read");
  return await withSession(database, context.signal, async (session) => {
    const tracker = await findTracker(session, options.table);
    const entries = compare(read.migrations, await readTracker(session, tracker));
    reportRenamed(context, entries);
    const choice = { ...options, retry: null, parse: true };
    const { files } = await planFiles(context, { session, tracker, entries, options: choice });
    const verdicts: Record<Verdict, number> = { instant: 0, short: 0, long: 0, dangerous: 0 };
    const parsed = await parseChecked(files);
    const judged = files.length === 0 ? [] : await judgeAll(session, parsed);
    for (const event of judged.flatMap(({ events }) => events)) {
      verdicts[event.verdict]++;
      context.report(event);
    }
    const pending = files.map(({ migration }) => migration.version);
    return { command: "plan", pending, verdicts, blocked: judged.flatMap(({ blocked }) => blocked) };
  });
}

interface JudgedFile {
  readonly events: readonly StatementJudged[];
  readonly blocked: readonly PlannedBlock[];
}

async function judgeAll(session: Session, files: readonly ParsedFile[]): Promise<readonly JudgedFile[]> {
  const statements = files.flatMap((file) => file.statements ?? []);
  const { read, bodies } = await readWithBodies(session, statements);
  const postgresVersion = Math.floor(session.facts.versionNumber / 10_000);
  const { impacts, batches, usual } = impactsOf(files, { catalog: read.catalog.copy(), bodies, postgresVersion });
  const usage = await readUsage(session, read, existingNames(impacts.values()));
  const plans = await readPlansOf(session, { read, statements: usual, impacts });
  const catalog = read.catalog.copy();
  return files.map((file) => judgeFile(file, { catalog, usage, impacts, batches, plans }));
}

/** What blocks and procedures run is looked up too, those that are there already among them. */
async function readWithBodies(
  session: Session,
  statements: readonly Statement[],
): Promise<{ readonly read: ReadCatalog; readonly bodies: Bodies }> {
  const isRoutine = ({ kind, node }: Statement) =>
    kind === "DoStmt" || kind === "CreateFunctionStmt" && node.is_procedure === true;
  const pending = await readBodies(statements.filter(isRoutine));
  const named = [...statements, ...runIn(pending)];
  const read = await readCatalog(session, named);
  if (read.procedures.length === 0) return { read, bodies: pending };
  const there = await readBodies(read.procedures);
  const all = await readCatalog(session, [...named, ...runIn(there)]);
  return { read: all, bodies: new Map([...pending, ...await readBodies(all.procedures)]) };
}

function runIn(bodies: Bodies): readonly Statement[] {
  return [...bodies.values()].flatMap(statementsIn);
}

/**
 * What each statement does to the database that those before it leave behind, and which of them find names where they are
 * found without any SET.
 */
function impactsOf(
  files: readonly ParsedFile[],
  { catalog, bodies, postgresVersion }: {
    readonly catalog: Catalog;
    readonly bodies: Bodies;
    readonly postgresVersion: number;
  },
): Pick<Known, "impacts" | "batches"> & { readonly usual: readonly Statement[] } {
  const impacts = new Map<Statement, Impact>();
  const batches = new Map<Statement, CommittedBatches>();
  const usual: Statement[] = [];
  const path = catalog.searchPath.join();
  for (const { file, statements } of files) {
    let inBlock = !file.migration.directives.noTransaction;
    resetSession(catalog);
    for (const statement of statements ?? []) {
      if (catalog.searchPath.join() === path) usual.push(statement);
      // In a transaction, the server refuses their COMMIT.
      const own = inBlock ? null : committedBatches(statement, catalog, { bodies, postgresVersion });
      if (own !== null) batches.set(statement, own);
      inBlock = isInBlock(statement, file, inBlock);
      impacts.set(statement, own?.impact ?? impactOf(statement, catalog, { postgresVersion }));
      replay(catalog, statement, file.migration.version);
    }
  }
  return { impacts, batches, usual };
}

/** Whether what comes behind a statement runs in a transaction: pgmigrate's, or one of the file's own. */
function isInBlock(
  statement: Statement,
  { migration: { directives } }: ParsedFile["file"],
  before: boolean,
): boolean {
  const effect = statementEffect(statement);
  return directives.noTransaction && effect.kind === "block" ? effect.ends === null : before;
}

interface Known {
  /** As it is before the file; it is changed as its statements would change the database. */
  readonly catalog: Catalog;
  readonly usage: Usage;
  readonly impacts: ReadonlyMap<Statement, Impact>;
  /** Of those that change rows in batches, and commit each. */
  readonly batches: ReadonlyMap<Statement, CommittedBatches>;
  readonly plans: Plans;
}

function judgeFile({ file, statements }: ParsedFile, known: Known): JudgedFile {
  if (statements === null) return { events: [unparsedFile(file)], blocked: [] };
  const { version, name, directives } = file.migration;
  let held: readonly HeldLock[] = [];
  const blocked: PlannedBlock[] = [];
  const giveBack = () => {
    // Who uses a table uses its indexes: what is told of it covers them.
    const isTable = ({ relation }: HeldLock) => known.catalog.relations.get(relation)?.index === null;
    blocked.push(...blockedTables(held.filter(isTable), { version, name }));
    held = [];
  };
  let inBlock = !directives.noTransaction;
  resetSession(known.catalog);
  const events = statements.map((statement) => {
    const { catalog, usage, impacts, batches, plans } = known;
    const explained = plans.get(statement) ?? null;
    const own = batches.get(statement);
    const writes = own === undefined
      ? writtenRows(statement, { catalog, explained, copies: file.copies })
      : rowsOfBatches(own, catalog);
    const { event, seconds } = judge({
      ...{ version, name, sql: file.sql, statement, catalog, usage },
      impact: withPlan(impacts.get(statement)!, explained),
      held,
      writes,
      commits: own !== undefined,
    });
    inBlock = isInBlock(statement, file, inBlock);
    held = heldAfter(held, event, seconds);
    // Outside of a transaction, a lock is given back when its statement ends.
    if (!inBlock) giveBack();
    countRows(catalog, statement, { impact: impacts.get(statement)!, writes });
    replay(catalog, statement, version);
    return event;
  });
  giveBack();
  return { events, blocked };
}
