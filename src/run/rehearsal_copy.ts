/** The copy that a rehearsal makes for itself: a database on the same server, dropped when it is over. */

import type { Database } from "../database/database.ts";
import { copyDatabase, type CopySource, describeDatabase, idleDatabases, usersOf } from "../database/copy_database.ts";
import { isSameServer } from "../database/same_server.ts";
import { dropDatabase } from "../database/scratch_sql.ts";
import { ServerError, type Session } from "../database/session.ts";
import { scratchLeft } from "../errors/check.ts";
import { Failure } from "../errors/failure.ts";
import { copyInUse, copyNotMade } from "../errors/rehearsal.ts";
import { serverChanged } from "../errors/server.ts";
import type { Context } from "./context.ts";
import { who } from "./wait_words.ts";
import { useSession } from "./with_session.ts";

export interface Copy extends AsyncDisposable {
  readonly database: Database;
  readonly name: string;
}

/** Every copy's name begins so, and goes on with the second in which it was made. */
const PREFIX = "pgmigrate_rehearsal_";
const RANDOM_LETTERS = 6;

/** A copy in which nobody is for so long after it was made is no longer used. */
const LEFT_AFTER_SECONDS = 600;

/** object_in_use: somebody is connected to the database that is to be copied. */
const OBJECT_IN_USE = "55006";

/** How long dropping it may take, its connection included. */
const DROP_MS = 30_000;

/** Databases to connect to for it: nobody may be connected to the one that is copied. */
const MAINTENANCE = ["postgres", "template1"];

export interface CopyOptions {
  readonly source: CopySource;
  /** A session in the source, which has ended: where it was, and as which process. */
  readonly first: Pick<Session, "facts">;
}

/**
 * Makes the copy. It is dropped with the block that has it, in every case.
 *
 * @throws {Failure} `copy-in-use`, exit code 5, with who is connected; `copy-not-made`
 */
export async function makeCopy(context: Context, { source, first }: CopyOptions): Promise<Copy> {
  const { home, session: maintenance } = await openBesideSource(context, source);
  const name = copyName(context);
  let made = false;
  try {
    await useSession(maintenance, context.signal, async (session) => {
      if (!isSameServer(session.facts, first.facts)) throw serverChanged(source.name);
      await tellLeftovers(context, session);
      await copy(session, { source, name, own: first.facts.serverPid });
      made = true;
      await describeDatabase(session, { name, is: describe(source) });
    });
    const database = await context.connect("write", { database: name, settings: source.settings });
    return {
      database,
      name,
      async [Symbol.asyncDispose]() {
        await database[Symbol.asyncDispose]();
        await dropCopy(context, { home, name });
      },
    };
  } catch (error) {
    // After an interrupt or a loss nobody knows whether it was made.
    if (made || context.signal.aborted || error instanceof Failure && error.code === "connection-lost") {
      await dropCopy(context, { home, name });
    }
    throw error;
  }
}

/** A session in another database than the source. @throws {Failure} exit code 4 */
async function openBesideSource(
  context: Context,
  source: CopySource,
): Promise<{ readonly home: string; readonly session: Session }> {
  let failure: unknown;
  for (const home of MAINTENANCE.filter((name) => name !== source.name)) {
    try {
      // Of a server, a database is nothing but a way to open sessions: these stay open without it.
      await using database = await context.connect("write", { database: home });
      return { home, session: await database.open() };
    } catch (error) {
      context.signal.throwIfAborted();
      failure ??= error;
    }
  }
  throw failure;
}

function describe({ name }: CopySource): string {
  return `Copy of ${name} for pgmigrate rehearse, which drops it when it ends`;
}

function copyName({ now, random }: Context): string {
  const letter = () => Math.floor(random() * 36).toString(36);
  const seconds = Math.floor(now().getTime() / 1_000).toString(36);
  return `${PREFIX}${seconds}_${Array.from({ length: RANDOM_LETTERS }, letter).join("")}`;
}

async function copy(
  session: Session,
  { source, name, own }: { readonly source: CopySource; readonly name: string; readonly own: number },
): Promise<void> {
  const users = () => usersOf(session, { database: source.name, own: [own] });
  // The server itself would wait some seconds for them before it says no, and not who they are.
  const there = await users();
  if (there.length > 0) throw copyInUse(source.name, there.map(who));
  try {
    await copyDatabase(session, { from: source.name, to: name });
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    if (error.server.sqlstate === OBJECT_IN_USE) throw copyInUse(source.name, (await users()).map(who));
    throw error.server.sqlstate === QUERY_CANCELED ? error : copyNotMade(source.name, error.server);
  }
}

/** The interrupt's own cancel. */
const QUERY_CANCELED = "57014";

/** A copy whose run was killed. */
async function tellLeftovers({ report, now }: Context, session: Session): Promise<void> {
  for (const name of await idleDatabases(session, PREFIX)) {
    const madeSeconds = parseInt(name.slice(PREFIX.length), 36);
    if (now().getTime() / 1_000 - madeSeconds < LEFT_AFTER_SECONDS) continue;
    report(scratchLeft(name, { reason: "an earlier rehearsal was killed", statement: `${dropDatabase(name)};` }));
  }
}

/** Never throws: what could not be dropped is told by name. */
async function dropCopy(
  context: Context,
  { home, name }: { readonly home: string; readonly name: string },
): Promise<void> {
  const statement = dropDatabase(name);
  const limit = AbortSignal.timeout(DROP_MS);
  try {
    await using maintenance = await context.connect("write", { database: home });
    // The signal of the run may have ended it, and is not to end this.
    await useSession(await maintenance.openAnywhere(limit), limit, (session) => session.run(statement));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.report(scratchLeft(name, { reason, statement: `${statement};` }));
  }
}
