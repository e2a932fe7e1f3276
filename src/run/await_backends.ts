/** Before an unfinished migration is touched: what an earlier run has begun on the server must have ended. */

import { claimBackends } from "../database/claim_backend.ts";
import type { Tracker } from "../database/find_tracker.ts";
import { pause } from "../database/pause.ts";
import type { Session } from "../database/session.ts";
import { stillRunning } from "../errors/unfinished.ts";
import type { Context } from "./context.ts";

const PAUSE_MS = 200;

/** A backend ends a moment after its client; so much is waited even where nothing is to be waited for. */
const GRACE_MS = 1_000;

/**
 * Waits until no backend is at work on a claim. A run that was killed leaves its backend to end what it was sent, a
 * CREATE INDEX CONCURRENTLY to the end of its index.
 *
 * @throws {Failure} `still-running`, exit code 5; the reason of the signal
 */
export async function awaitBackends(
  { report, signal }: Context,
  { session, tracker, waitMs, names }: {
    readonly session: Session;
    readonly tracker: Tracker;
    readonly waitMs: number;
    /** What to call each version. */
    readonly names: ReadonlyMap<bigint, string>;
  },
): Promise<void> {
  const deadline = performance.now() + Math.max(waitMs, GRACE_MS);
  let shown: number | null = null;
  for (;;) {
    const backends = await claimBackends(session, tracker);
    const [first] = backends;
    if (first === undefined) return;
    const name = names.get(first.version) ?? `version ${first.version}`;
    const left = deadline - performance.now();
    if (left <= 0) throw stillRunning(name, { backends, waitedMs: waitMs });
    if (shown !== first.pid) {
      shown = first.pid;
      report({
        event: "waiting",
        for: "backend",
        message: `An earlier run's backend still runs ${name}: ${first.who}`,
      });
    }
    await pause(Math.min(left, PAUSE_MS), signal);
  }
}
