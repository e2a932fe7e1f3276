/** The connection was lost on the way. */

import { type Advice, adviceOn } from "./advice.ts";
import { Failure, type Fatal } from "./failure.ts";

/** The timeouts of a server that end a session, by the reason that they give. */
const TIMEOUTS: Readonly<Record<string, string>> = {
  "25P03": "idle_in_transaction_session_timeout",
  "25P04": "transaction_timeout",
  "57P05": "idle_session_timeout",
};

const LOSS_ADVICE: readonly Advice[] = [
  { sqlstate: "57P01", hint: "Somebody ended the session, or the server is being stopped. Run the command again" },
  {
    sqlstate: "57P02",
    hint: "The server has crashed and recovers, and its log says why. Run the command again when it is back",
  },
  { sqlstate: "57P03", hint: "The server is starting or stopping. Run the command again when it is back" },
  { sqlstate: "57P04", hint: "Somebody has dropped the database" },
  { sqlstate: "08P01", hint: "A pooler sits between, and ended it; its log may say why. Run the command again" },
  ...Object.entries(TIMEOUTS).map(([sqlstate, setting]) => ({
    sqlstate,
    hint: `The server's ${setting} ended it. Switch that off for the role: ALTER ROLE NAME SET ${setting} = 0`,
  })),
];

export function connectionLost(reason: string, fatal: Fatal | null, file?: string): Failure {
  const hint = fatal === null
    ? "Did the server, a pooler or a firewall end it? The server's log may say why. Run the command again"
    : adviceOn(fatal, LOSS_ADVICE) ?? fatal.hint;
  return new Failure("connection-lost", 4, `The connection to the server was lost: ${reason}`, {
    ...fatal === null ? {} : { sqlstate: fatal.sqlstate },
    ...fatal?.detail === undefined ? {} : { detail: fatal.detail },
    ...hint === undefined ? {} : { hint },
    ...file === undefined ? {} : { file },
  });
}

/** COMMIT was sent, and the server could not be asked how it ended. */
export function outcomeUnknown(file: string, reason: string): Failure {
  return new Failure("outcome-unknown", 4, `The connection was lost while ${file} was being committed: ${reason}`, {
    hint: "Whether it was committed is unknown until the server is back. Run pgmigrate up again: it finds out",
    file,
    kept: "unknown",
  });
}

/** @param halfWay whether a migration stops between two of its statements: how to go on is then said with its state */
export function lockLost({ halfWay }: { readonly halfWay: boolean }): Failure {
  const hint = "Run pgmigrate up again: it goes on where this run stopped";
  const sentence = "The connection that holds the lock was lost, so nothing new is started";
  return new Failure("lock-lost", 4, sentence, halfWay ? {} : { hint });
}
