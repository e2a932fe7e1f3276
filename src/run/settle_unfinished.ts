/** What `up` settles before it decides what to run: earlier runs that are still at work, and what a person has chosen. */

import type { Tracker } from "../database/find_tracker.ts";
import type { Session } from "../database/session.ts";
import { prepareTracker } from "../database/tracker.ts";
import { notUnfinished, retryAndMark, retryLeftOut } from "../errors/unfinished.ts";
import type { Entry } from "../history/compare.ts";
import { awaitBackends } from "./await_backends.ts";
import type { Context } from "./context.ts";
import { markApplied } from "./mark_applied.ts";
import type { UpOptions } from "./options.ts";

/** Tracker and files side by side. */
export interface Seen {
  readonly tracker: Tracker;
  readonly entries: readonly Entry[];
}

/**
 * Waits for what earlier runs have begun on the server, and records what `--mark-applied` names.
 *
 * @returns the versions that were recorded
 */
export async function settleUnfinished(
  context: Context,
  { session, options, read, isServer }: {
    readonly session: Session;
    readonly options: UpOptions;
    readonly read: () => Promise<Seen>;
    readonly isServer: boolean;
  },
): Promise<readonly bigint[]> {
  if (isServer) {
    const { tracker, entries } = await read();
    const names = new Map(entries.map(({ version, name }) => [version, name]));
    if (tracker.unfinishedExists) {
      await awaitBackends(context, { session, tracker, waitMs: options.lockWaitMs, names });
    }
  }
  const { tracker, entries } = await read();
  const marked = checkChoices(entries, options);
  if (marked === null) return [];
  await prepareTracker(session, tracker, { highestVersion: marked.version, lockTimeoutMs: options.lockTimeoutMs });
  await markApplied(session, tracker, marked);
  context.report({ event: "migration_marked", version: marked.version, name: marked.name });
  return [marked.version];
}

/**
 * What `--mark-applied` names, or null.
 *
 * @throws {Failure} when it or `--retry` names what is not unfinished
 */
export function checkChoices(entries: readonly Entry[], { retry, markApplied, to }: UpOptions): Entry | null {
  const find = (option: string, version: bigint) => {
    const entry = entries.find((one) => one.version === version);
    if (entry?.state !== "unfinished") throw notUnfinished(option, version, entry?.state ?? null);
    return entry;
  };
  if (retry !== null && retry === markApplied) throw retryAndMark(retry);
  if (retry !== null) find("--retry", retry);
  if (retry !== null && to !== null && retry > to) throw retryLeftOut(retry, to);
  return markApplied === null ? null : find("--mark-applied", markApplied);
}
