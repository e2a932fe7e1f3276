/**
 * Sends migrations ahead: the messages of the next ones are on their way while the server runs the first, so that many
 * migrations cost few round trips.
 *
 * Each migration is two messages. One holds BEGIN, the claim, the file, the reset of the session and the tracker row; the
 * other is COMMIT. The claim raises an error unless the tracker has the migration before it, so that behind one that
 * fails, in whatever way, no file is ever run: docs/reliability.md has the argument for each way.
 */

import { committedVersions } from "../database/committed_versions.ts";
import { closing, opening } from "../database/migration_transaction.ts";
import { isPooled } from "../database/pooler.ts";
import { dropLeftovers } from "../database/reset_session.ts";
import { type Answer, ServerError, type ServerMessage, SessionLost } from "../database/session.ts";
import { outcomeUnknown } from "../errors/connection_lost.ts";
import type { Failure } from "../errors/failure.ts";
import { transactionEnded } from "../errors/running.ts";
import type { ApplyOptions } from "./apply_options.ts";
import type { CheckedFile } from "./check_files.ts";
import { endsWithin } from "./ends_within.ts";
import { lossFailure } from "./explain.ts";
import { cancelUntil } from "./interruptible.ts";
import type { Limits } from "./limits.ts";
import { transactionFailure } from "./transaction_failure.ts";

/** How many migrations are on their way at once, at most. */
const WINDOW = 32;

/** How much text is on its way at once; a migration that is larger goes alone. */
const WINDOW_CHARACTERS = 512 * 1024;

/** How long the migrations behind one that failed may take to be refused before they are cancelled. */
const REFUSAL_MS = 1_000;

/** no_active_sql_transaction (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const NO_TRANSACTION = "25P01";

/** A migration on its way. */
interface Flight {
  readonly file: CheckedFile;
  readonly sent: Sent;
  readonly worked: Promise<Answer>;
  readonly committed: Promise<Answer>;
  /** What came before its turn to be reported. */
  readonly early: ServerMessage[];
  /** null before its turn. */
  onNotice: ((notice: ServerMessage) => void) | null;
}

/** The first message of a migration. */
interface Sent {
  readonly text: string;
  /** What stands before the file in it. */
  readonly prefix: string;
  readonly statementsBefore: number;
}

export interface PipelineOptions extends Pick<ApplyOptions, "database" | "session" | "tables" | "signal" | "mayBegin"> {
  /** What a file may take. */
  readonly limitsOf: (file: CheckedFile) => Limits;
}

export class Pipeline {
  readonly #flights: Flight[] = [];
  /** The place of the first file that has not been sent. */
  #next = 0;
  #charactersAhead = 0;
  /** Set when the session was lost: what the tracker has of the migrations that were on their way. */
  #found: ReturnType<typeof committedVersions> | null = null;

  constructor(readonly files: readonly CheckedFile[], readonly options: PipelineOptions) {}

  /** Whether a migration can be sent ahead, and others behind it. */
  takes({ statements, migration, copies }: CheckedFile): boolean {
    const { database, session } = this.options;
    // Through a pooler the messages of two transactions may meet two servers.
    const direct = database.kind === "server" && !isPooled(session);
    // The data of a COPY follows its statement, and nothing else can be sent meanwhile.
    return direct && statements !== null && copies.length === 0 && !migration.directives.noTransaction;
  }

  /** Whether the migration at this place is on its way. */
  hasSent(index: number): boolean {
    return index < this.#next;
  }

  /**
   * Runs the migration at this place, the next one, and sends others ahead.
   *
   * @param options.lockTimeoutMs in place of what the file may take, unless it is on its way already
   * @returns how long its transaction took, in milliseconds
   * @throws {Failure}; nothing is on its way any more then, unless the session was lost
   */
  async apply(
    index: number,
    { onNotice, onEmpty, lockTimeoutMs }: Pick<ApplyOptions, "onNotice" | "onEmpty" | "lockTimeoutMs">,
  ): Promise<number> {
    const { signal } = this.options;
    this.#fill(index, lockTimeoutMs);
    const flight = this.#flights[0]!;
    flight.onNotice = onNotice;
    flight.early.forEach(onNotice);
    const ended = Promise.allSettled([flight.worked, flight.committed]);
    const cancel = () => void cancelUntil(this.options.session, ended);
    signal.addEventListener("abort", cancel);
    if (signal.aborted) cancel();
    let worked = false;
    try {
      const { lastRow } = await flight.worked;
      worked = true;
      const { tag } = await flight.committed.catch((error) => {
        throw error instanceof ServerError ? transactionFailure(error, { part: "commit", file: flight.file }) : error;
      });
      if (tag !== "COMMIT") throw transactionEnded(flight.file.migration.path);
      if (flight.file.statements!.length === 0) onEmpty();
      this.#land();
      return Number(lastRow[1]);
    } catch (error) {
      if (error instanceof SessionLost) return await this.#afterLoss(error, worked);
      await this.#drain(index);
      signal.throwIfAborted();
      throw error instanceof ServerError ? failureOf(error, flight) : error;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  #fill(index: number, lockTimeoutMs: number): void {
    if (this.#flights.length === 0) this.#next = index;
    for (; this.#next < this.files.length; this.#next++) {
      const file = this.files[this.#next]!;
      if (!this.takes(file)) return;
      const limits = this.options.limitsOf(file);
      const sent = this.#messageOf(file, this.#next === index ? { ...limits, lockTimeoutMs } : limits);
      if (this.#flights.length > 0) {
        const { signal, mayBegin } = this.options;
        const full = this.#flights.length === WINDOW || this.#charactersAhead + sent.text.length > WINDOW_CHARACTERS;
        if (full || signal.aborted || !mayBegin()) return;
      }
      this.#send(file, sent);
    }
  }

  #messageOf(file: CheckedFile, limits: Pick<Limits, "lockTimeoutMs" | "statementTimeoutMs">): Sent {
    const { session: { facts }, tables, database } = this.options;
    const { migration } = file;
    const after = this.#flights.at(-1)?.file.migration.version ?? null;
    const before = opening({ migration, after, tables, facts, ...limits });
    const behind = closing({ migration, tables, facts, database, remember: true });
    const prefix = `${before.join("; ")};\n`;
    // A file may end in a comment, without a line end or a semicolon.
    return { text: `${prefix}${file.text}\n;\n${behind.join("; ")}`, prefix, statementsBefore: before.length };
  }

  #send(file: CheckedFile, sent: Sent): void {
    const { session } = this.options;
    const early: ServerMessage[] = [];
    const notice = (message: ServerMessage) => {
      if (flight.onNotice === null) early.push(message);
      else flight.onNotice(message);
    };
    const worked = session.run(sent.text, notice);
    const committed = session.run("COMMIT", (message) => {
      // Behind a message of which nothing ran, not even its BEGIN.
      if (message.sqlstate !== NO_TRANSACTION) notice(message);
    });
    // Each is awaited in its turn; until then nobody has missed its failure.
    worked.catch(() => {});
    committed.catch(() => {});
    const flight: Flight = { file, sent, worked, committed, early, onNotice: null };
    this.#flights.push(flight);
    this.#charactersAhead += sent.text.length;
  }

  /** The first migration has arrived. */
  #land(): void {
    this.#charactersAhead -= this.#flights.shift()!.sent.text.length;
  }

  /** Waits until the server has refused everything behind a migration that failed, and clears the session of it. */
  async #drain(index: number): Promise<void> {
    const flights = this.#flights.splice(0);
    this.#charactersAhead = 0;
    this.#next = index;
    const refused = Promise.allSettled(flights.flatMap(({ worked, committed }) => [worked, committed]));
    if (!await endsWithin(REFUSAL_MS, refused)) await cancelUntil(this.options.session, refused);
    await dropLeftovers(this.options.session);
  }

  /** What was on its way when the session was lost is applied or is not, and the tracker knows. */
  async #afterLoss(lost: SessionLost, worked: boolean): Promise<number> {
    const { database, session, tables, signal } = this.options;
    const { version, path } = this.#flights[0]!.file.migration;
    // Nobody has to be asked: the server has never come to the COMMIT.
    if (!worked && lost.endedByServer) {
      signal.throwIfAborted();
      throw lossFailure(lost, path).with({ kept: "nothing" });
    }
    const versions = this.#flights.map(({ file }) => file.migration.version);
    const { backendPid, facts } = session;
    this.#found ??= committedVersions(database, { tables, versions, backendPid, facts, interrupt: signal });
    const found = await this.#found;
    if (found === null) throw outcomeUnknown(path, lost.message);
    const durationMs = found.get(version);
    if (durationMs === undefined) {
      signal.throwIfAborted();
      throw lossFailure(lost, path).with({ kept: "nothing" });
    }
    this.#land();
    return durationMs;
  }
}

/** Which part of its message the server refused. A syntax error refuses all of it, and has its position in the file. */
function failureOf(error: ServerError, { file, sent: { prefix, statementsBefore } }: Flight): Failure {
  const { server, completed } = error;
  const position = server.position === undefined ? 0 : server.position - [...prefix].length;
  const statement = completed - statementsBefore;
  const count = file.statements!.length;
  if (statement >= count) {
    return transactionFailure(new ServerError(server, statement - count), { part: "row", file });
  }
  if (statement < 0 && position <= 0) return transactionFailure(error, { part: "claim", file });
  // What is missing at the end of the file is missed behind it.
  const inFile = position <= 0 ? server : { ...server, position: Math.min(position, [...file.text].length) };
  return transactionFailure(new ServerError(inFile, statement), { part: "file", file });
}
