/** Which of several servers: each is asked in turn, until one is of the kind that is wanted. */

import { Failure } from "../errors/failure.ts";
import { isReplica, noneReached, noSuchServer } from "../errors/server.ts";
import { type LookUp, withAddresses } from "./addresses.ts";
import { type LoggedIn, logIn } from "./log_in.ts";
import { addressedName } from "./server_name.ts";
import { objection, type Wanted } from "./session_attributes.ts";
import type { ServerTarget } from "./target.ts";

/** too_many_connections, admin_shutdown, crash_shutdown, cannot_connect_now: another server may do, and this one later. */
const PASSING = ["53300", "57P01", "57P02", "57P03"];

/** protocol_violation, with which PgBouncer says everything: that its server cannot be reached, or is full. */
const POOLER = { sqlstate: "08P01", says: /query_wait_timeout|no more connections|connect|login/ } as const;

interface Choice {
  readonly wanted: Wanted;
  readonly shuffled: boolean;
  readonly signal: AbortSignal;
  /** Instead of the system's own. */
  readonly lookUp?: LookUp;
}

/** What one server turned out to be. */
interface Finding {
  readonly server: ServerTarget;
  /** Why there is no session; null where there was one, which was not wanted. */
  readonly failure: Failure | null;
  /** What is against it, as a sentence. */
  readonly sentence: string;
}

/**
 * Logs in to the first server that will do. One that cannot be reached, is full, starting or stopping is passed over; a
 * login that is refused for another reason ends the search, as in libpq: the next server would refuse it too.
 *
 * @throws {Failure} exit code 4, with what was found of each
 */
export async function chooseServer(servers: readonly ServerTarget[], choice: Choice): Promise<LoggedIn> {
  const findings: Finding[] = [];
  for await (const server of inOrder(servers, choice)) {
    const found = await attempt(server, choice);
    if ("session" in found) return found;
    findings.push(found);
  }
  const second = findings.find(({ failure }) => failure === null);
  if (choice.wanted.startsWith("prefer-") && second !== undefined) return await logIn(second.server, choice.signal);
  throw summary(findings, choice.wanted);
}

async function* inOrder(servers: readonly ServerTarget[], choice: Choice): AsyncGenerator<ServerTarget> {
  const { shuffled } = choice;
  for (const server of shuffled ? shuffle(servers) : servers) {
    const addresses = await withAddresses(server, choice);
    yield* shuffled ? shuffle(addresses) : addresses;
  }
}

function shuffle<T>(values: readonly T[]): T[] {
  return values.map((value) => ({ value, at: Math.random() })).sort((a, b) => a.at - b.at).map(({ value }) => value);
}

async function attempt(server: ServerTarget, { wanted, signal }: Choice): Promise<LoggedIn | Finding> {
  try {
    const found = await logIn(server, signal);
    const against = objection(found.session.facts, wanted);
    if (against === null) return found;
    await found.session[Symbol.asyncDispose]();
    return { server, failure: null, sentence: `${addressedName(server)} ${against}` };
  } catch (error) {
    if (!(error instanceof Failure) || !isPassing(error)) throw error;
    return { server, failure: error, sentence: sentenceOf(error, server) };
  }
}

const PASSING_CODES = ["cannot-connect", "no-answer", "not-served", "is-replica", "no-such-server"];

/** Whether another server may do, or this one in a while. */
export function isPassing({ code, message, details: { sqlstate = "" } }: Failure): boolean {
  if (code !== "login-refused") return PASSING_CODES.includes(code);
  return PASSING.includes(sqlstate) || (sqlstate === POOLER.sqlstate && POOLER.says.test(message));
}

/** The reason, in a list whose title says already that there is no connection. */
function sentenceOf({ message }: Failure, { address }: ServerTarget): string {
  const reason = message.replace(/^Cannot connect to /, "");
  return address === undefined || reason.includes(address) ? reason : `${reason} (${address})`;
}

function summary(findings: readonly Finding[], wanted: Wanted): Failure {
  const sentences = findings.map(({ sentence }) => sentence);
  const [only] = findings;
  const reached = findings.filter(({ failure }) => failure === null);
  if (reached.length === 0) {
    const same = findings.every(({ failure }) => failure?.message === only!.failure?.message);
    return same ? only!.failure! : noneReached(sentences);
  }
  const onlyReplicas = reached.every(({ sentence }) => sentence.endsWith(" is a replica"));
  if (onlyReplicas && !wanted.endsWith("standby")) return isReplica(findings.length === 1 ? [] : sentences);
  return noSuchServer(wanted, sentences);
}
