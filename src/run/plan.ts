/** `plan`: what the pending migrations would do to a database, and to those who use it. */

import type { Catalog } from "../catalog/catalog.ts";
import { replay } from "../catalog/replay.ts";
import { resetSession } from "../catalog/replay_settings.ts";
import { readCatalog } from "../database/read_catalog.ts";
import { readUsage } from "../database/read_usage.ts";
import type { Session } from "../database/session.ts";
import { findTracker } from "../database/find_tracker.ts";
import { readTracker } from "../database/tracker.ts";
import type { Usage } from "../database/usage.ts";
import type { PlannedBlock, PlanResult, StatementJudged, Verdict } from "../events.ts";
import { compare } from "../history/compare.ts";
import type { Impact } from "../impact/impact.ts";
import { impactOf } from "../impact/impact_of.ts";
import { readMigrationsToRun } from "../migration/read_migrations.ts";
import type { Statement } from "../sql/parser.ts";
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
import { writtenRows } from "./written_rows.ts";

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
  const read = await readCatalog(session, statements);
  const postgresVersion = Math.floor(session.facts.versionNumber / 10_000);
  const { impacts, usual } = impactsOf(files, { catalog: read.catalog.copy(), postgresVersion });
  const usage = await readUsage(session, read, existingNames(impacts.values()));
  const plans = await readPlansOf(session, { read, statements: usual, impacts });
  const catalog = read.catalog.copy();
  return files.map((file) => judgeFile(file, { catalog, usage, impacts, plans }));
}

/**
 * What each statement does to the database that those before it leave behind, and which of them find names where they are
 * found without any SET.
 */
function impactsOf(
  files: readonly ParsedFile[],
  { catalog, postgresVersion }: { readonly catalog: Catalog; readonly postgresVersion: number },
): { readonly impacts: ReadonlyMap<Statement, Impact>; readonly usual: readonly Statement[] } {
  const impacts = new Map<Statement, Impact>();
  const usual: Statement[] = [];
  const path = catalog.searchPath.join();
  for (const { file, statements } of files) {
    resetSession(catalog);
    for (const statement of statements ?? []) {
      if (catalog.searchPath.join() === path) usual.push(statement);
      impacts.set(statement, impactOf(statement, catalog, { postgresVersion }));
      replay(catalog, statement, file.migration.version);
    }
  }
  return { impacts, usual };
}

interface Known {
  /** As it is before the file; it is changed as its statements would change the database. */
  readonly catalog: Catalog;
  readonly usage: Usage;
  readonly impacts: ReadonlyMap<Statement, Impact>;
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
    const { catalog, usage, impacts, plans } = known;
    const explained = plans.get(statement) ?? null;
    const writes = writtenRows(statement, { catalog, explained, copies: file.copies });
    const { event, seconds } = judge({
      ...{ version, name, sql: file.sql, statement, catalog, usage },
      impact: withPlan(impacts.get(statement)!, explained),
      held,
      writes,
    });
    const effect = statementEffect(statement);
    if (directives.noTransaction && effect.kind === "block") inBlock = effect.ends === null;
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
