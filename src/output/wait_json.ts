/** Who waits for whom, as JSON. */

import type { Blocker, LockWait, Retrying, WaitingForLock } from "../events.ts";
import { redact } from "./redact.ts";

type Fields = Readonly<Record<string, unknown>>;

export function waiting({ for: kind, version, name, wait, message }: WaitingForLock): Fields {
  return { for: kind, version, name, ...wait === null ? {} : lockWait(wait), message: redact(message) };
}

export function retrying({ version, name, reason, attempt, attempts, pauseMs, wait, message }: Retrying): Fields {
  return {
    version,
    name,
    reason,
    attempt,
    attempts,
    pause_ms: pauseMs,
    ...wait === null ? {} : lockWait(wait),
    message: redact(message),
  };
}

function lockWait({ kind, mode, relation, thing, blockers, more }: LockWait): Fields {
  return {
    lock: kind,
    mode,
    relation,
    thing: thing ?? undefined,
    blockers: blockers.map(blocker),
    more_blockers: more === 0 ? undefined : more,
  };
}

function blocker({ pid, gid, application, user, client, process, state, sinceSeconds, ...rest }: Blocker): Fields {
  return {
    pid,
    gid: gid ?? undefined,
    application: application === null ? null : redact(application),
    user,
    client,
    process: process ?? undefined,
    state,
    since_seconds: sinceSeconds,
    query: rest.query === null ? null : redact(rest.query),
    holds: rest.holds,
    waits_for: rest.waitsFor === null ? undefined : lockWait(rest.waitsFor),
  };
}
