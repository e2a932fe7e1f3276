/**
 * Sends the statements of a migration that runs outside a transaction, and notes after each how far it came.
 *
 * What may run in a transaction does, in one with its note: after whatever end, it is done and counted, or neither. What
 * may not is noted before it is sent and after it has ended; only of that can the next run not be certain.
 */

import { claimMark } from "../database/claim_backend.ts";
import { noteDone, noteSent, noteUnsent } from "../database/claim_progress.ts";
import type { ClaimOf } from "../database/claim.ts";
import { findBuilt, invalidInReach } from "../database/index_state.ts";
import { despiteCancel, ownSettings, ownTransaction } from "../database/own_transaction.ts";
import { isPooled } from "../database/pooler.ts";
import { ServerError } from "../database/session.ts";
import type { Sql } from "../database/sql.ts";
import { lockLost } from "../errors/connection_lost.ts";
import { claimLost } from "../errors/other_runs.ts";
import { invalidIndexInTheWay, invalidIndexLeft } from "../errors/running.ts";
import type { CopySource } from "../migration/copy_source.ts";
import type { IndexBuild, Reindex } from "../sql/statement_effect.ts";
import type { ApplyOptions } from "./apply_options.ts";
import type { CheckedFile, CheckedStatement } from "./check_files.ts";
import { interruptible } from "./interruptible.ts";
import { sendPart } from "./send_part.ts";

/** How far a migration has come. */
export interface Progress {
  /** Set once it is committed. */
  claim: (ClaimOf & { readonly xact: string }) | null;
  /** How many statements are known to be done. */
  done: number;
  /** The statement, from 1, that was sent outside a transaction and has not ended well; null for none. */
  sent: number | null;
  /** Index of the statement that is under way. */
  current: number | null;
  /** Whose statement is under way, for its error. `commit`: a statement of the file's is being committed. */
  sending: "own" | "statement" | "commit";
}

/** A migration that is being run. */
export interface Run {
  readonly file: CheckedFile;
  readonly options: ApplyOptions;
  readonly source: CopySource;
  readonly progress: Progress;
}

/** active_sql_transaction: the statement does not run inside a transaction. */
const NO_TRANSACTION_ALLOWED = "25001";

/** @throws {Failure} @throws {ServerError} @throws {SessionLost} */
export async function sendStatements(run: Run): Promise<void> {
  const { file, options, progress } = run;
  const statements = statementsOf(file);
  for (const [index, statement] of statements.entries()) {
    if (index < progress.done) continue;
    checkMayBegin(options);
    progress.current = index;
    const { kind } = statement.effect;
    if (options.session.status !== "idle" || kind === "block") await sendInBlock(run, statement);
    else if (kind === "atomic") await sendWithNote(run, statement);
    else if (kind === "session" || kind === "transient") await sendToSession(run, statement);
    else await sendOutside(run, statement);
  }
  if (file.copies.length > 0) await run.source.finish();
  if (statements.length === 0) options.onEmpty();
}

/** @throws the reason of the signal; {Failure} without the lock */
function checkMayBegin({ signal, mayBegin }: ApplyOptions): void {
  signal.throwIfAborted();
  if (!mayBegin()) throw lockLost({ halfWay: true });
}

/** The parts that are sent one by one; a file that was not parsed is one part. */
function statementsOf({ text, statements }: CheckedFile): readonly CheckedStatement[] {
  return statements ?? [{ start: 0, end: text.length, effect: { kind: "opaque" } }];
}

/** Inside a BEGIN … COMMIT of the file's own nothing is done before its end, and then all of it with its note. */
async function sendInBlock(run: Run, statement: CheckedStatement): Promise<void> {
  const { options: { session }, progress } = run;
  const { effect } = statement;
  const commits = effect.kind === "block" && effect.ends === "commit" && session.status === "in-transaction";
  if (!commits || await isReadOnly(run)) {
    await sendText(run, statement);
    if (session.status === "idle") await note(run, noteDone);
    return;
  }
  await noteInside(run);
  progress.sending = "commit";
  await sendText(run, statement);
  progress.done = progress.current! + 1;
}

async function isReadOnly({ options: { session } }: Run): Promise<boolean> {
  const [row] = await session.query("SELECT pg_catalog.current_setting('transaction_read_only') AS read_only");
  return row!.read_only === "on";
}

/** The statement and its note in one transaction. */
async function sendWithNote(run: Run, statement: CheckedStatement): Promise<void> {
  const { options, progress } = run;
  const { session } = options;
  await session.run("BEGIN READ WRITE");
  try {
    await sendText(run, statement);
  } catch (error) {
    // What a server refuses inside a transaction depends on its tables and extensions too, not on the statement alone.
    if (!(error instanceof ServerError) || error.server.sqlstate !== NO_TRANSACTION_ALLOWED) throw error;
    await session.run("ROLLBACK");
    return await sendOutside(run, statement);
  }
  await noteInside(run);
  progress.sending = "commit";
  await interruptible(options, () => session.run("COMMIT"));
  progress.done = progress.current! + 1;
}

/** Notes the statement that is under way as done, in the transaction that has run it. */
async function noteInside({ file, options, progress }: Run): Promise<void> {
  const { session, tables, database } = options;
  // What the file deferred is the file's to fail, under its own settings.
  progress.sending = "statement";
  await interruptible(options, () => session.run("SET CONSTRAINTS ALL IMMEDIATE"));
  progress.sending = "own";
  const done = noteDone(tables, progress.claim!, progress.current! + 1);
  const noted = await session.query([...ownSettings(database), done].join("; "));
  if (noted.length !== 1) throw claimLost(file.migration.path);
}

async function sendToSession(run: Run, statement: CheckedStatement): Promise<void> {
  await sendText(run, statement);
  await note(run, noteDone);
}

/** What does not run in a transaction: whether it was done can be uncertain from here on. */
async function sendOutside(run: Run, statement: CheckedStatement): Promise<void> {
  const { options, progress } = run;
  const { session } = options;
  const { effect } = statement;
  const xact = progress.claim!.xact;
  const before = effect.kind === "build-index" || effect.kind === "reindex"
    ? await invalidInReach(session, effect, xact)
    : [];
  await note(run, noteSent);
  try {
    checkMayBegin(options);
  } catch (reason) {
    // It is not sent, and the next run must not be left in doubt about that.
    await note(run, noteUnsent);
    throw reason;
  }
  await sendText(run, statement);
  if (effect.kind === "build-index" || effect.kind === "reindex") {
    await checkIndexes(run, effect, before.map(({ name }) => name));
  }
  await note(run, noteDone);
}

/**
 * A statement that built indexes and left one INVALID has failed, though the server said nothing: `IF NOT EXISTS` does
 * nothing where an INVALID index has the name, and REINDEX TABLE CONCURRENTLY passes such indexes over.
 *
 * @param before the INVALID ones in its reach before it ran
 */
async function checkIndexes(
  { file, options: { session }, progress }: Run,
  effect: IndexBuild | Reindex,
  before: readonly string[],
): Promise<void> {
  const { path } = file.migration;
  const { xact } = progress.claim!;
  if (effect.kind === "build-index" && effect.name !== null) {
    const built = await findBuilt(session, effect, xact);
    if (built !== null && !built.valid) throw invalidIndexInTheWay(path, built.name, `${built.quoted}`);
    return;
  }
  const invalid = (await invalidInReach(session, effect, xact)).filter(({ name, isBusy }) =>
    !isBusy && !before.includes(name)
  );
  if (invalid.length > 0) throw invalidIndexLeft(path, invalid.map(({ name }) => name));
}

async function sendText({ file, options, source, progress }: Run, { start, end }: CheckedStatement): Promise<void> {
  const { session, database } = options;
  const pooled = database.kind === "server" && isPooled(session);
  const mark = pooled ? claimMark(progress.claim!.xact) : "";
  if (pooled) options.onBackend(mark);
  if (progress.sending === "own") progress.sending = "statement";
  await sendPart({ file, start, end }, { ...options, source, mark });
  progress.sending = "own";
}

/** Notes in a transaction of its own what is sent or done. @throws {Failure} when somebody else has taken the claim */
export async function note(
  { file, options, progress }: Run,
  which: (...parameters: Parameters<typeof noteDone>) => Sql,
): Promise<void> {
  const { session, tables, database } = options;
  const statement = progress.current! + 1;
  const message = [...ownTransaction(database), which(tables, progress.claim!, statement), "COMMIT"].join("; ");
  const noted = await despiteCancel(session, () => session.query(message));
  if (noted.length !== 1) throw claimLost(file.migration.path);
  progress.sent = which === noteSent ? statement : null;
  if (which === noteDone) progress.done = statement;
}
