/** The database on which migrations are tried from nothing: in memory, or on a server and dropped again. */

import type { Database } from "../database/database.ts";
import { createDatabase, dropDatabase } from "../database/scratch_sql.ts";
import { ServerError } from "../database/session.ts";
import { notForScratch, scratchLeft, scratchNotMade } from "../errors/check.ts";
import { Failure } from "../errors/failure.ts";
import type { Context } from "./context.ts";
import { useSession, withSession } from "./with_session.ts";

export interface TrialDatabase extends AsyncDisposable {
  /** An empty database. Rejects with a {@link Failure} where there is none to be had. */
  readonly opened: Promise<Database>;
}

/** The name of the embedded database in memory. */
const IN_MEMORY = "embedded:";

/**
 * Starts making an empty database, so that other work can be done meanwhile. It goes with the block that has it.
 *
 * @param databaseUrl a server, on which a database with a name of its own is made; null for the embedded one
 * @throws {Failure} `not-for-scratch`
 */
export function startTrial(context: Context, databaseUrl: string | null): TrialDatabase {
  const url = databaseUrl?.trim() ?? IN_MEMORY;
  if (url === IN_MEMORY) return trial(context.connect("write", { url }), (database) => database[Symbol.asyncDispose]());
  if (url.startsWith(IN_MEMORY)) throw notForScratch();
  const name = scratchName(context.random);
  return trial(makeScratch(context, { url, name }), async (database) => {
    await database[Symbol.asyncDispose]();
    await dropScratch(context, { url, name });
  });
}

function trial(opened: Promise<Database>, close: (database: Database) => PromiseLike<void>): TrialDatabase {
  // Who opened it may have failed before asking for it.
  opened.catch(() => {});
  return {
    opened,
    [Symbol.asyncDispose]: () => opened.then(close, () => {}),
  };
}

const RANDOM_LETTERS = 10;

/** `pgmigrate_check_k3f0…`: long enough that two runs never meet. */
function scratchName(random: Context["random"]): string {
  const letter = () => Math.floor(random() * 36).toString(36);
  return `pgmigrate_check_${Array.from({ length: RANDOM_LETTERS }, letter).join("")}`;
}

interface Scratch {
  readonly url: string;
  readonly name: string;
}

async function makeScratch(context: Context, { url, name }: Scratch): Promise<Database> {
  await using home = await context.connect("write", { url });
  let mayBeThere = false;
  try {
    await withSession(home, context.signal, async (session) => {
      await createDatabase(session, name).catch((error: unknown) => {
        throw error instanceof ServerError && !context.signal.aborted ? scratchNotMade(name, error.server) : error;
      });
      mayBeThere = true;
    });
    return await context.connect("write", { url, database: name });
  } catch (error) {
    // After an interrupt or a loss nobody knows whether it was made.
    mayBeThere ||= context.signal.aborted || error instanceof Failure && error.code === "connection-lost";
    if (mayBeThere) await dropScratch(context, { url, name });
    throw error;
  }
}

/** How long dropping it may take, its connection included. */
const DROP_MS = 20_000;

/** Never throws: what could not be dropped is told by name. */
async function dropScratch(context: Context, { url, name }: Scratch): Promise<void> {
  const statement = dropDatabase(name);
  const limit = AbortSignal.timeout(DROP_MS);
  try {
    await using home = await context.connect("write", { url });
    // The signal of the run may have ended it, and is not to end this.
    await useSession(await home.openAnywhere(limit), limit, (session) => session.run(statement));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.report(scratchLeft(name, { reason, statement: `${statement};` }));
  }
}
