/** What `up` runs, ready to be sent. */

import type { Session } from "../database/session.ts";
import type { Failure } from "../errors/failure.ts";
import type { Entry } from "../history/compare.ts";
import { plan } from "../history/plan.ts";
import { type CheckedFile, checkFiles, uncheckedFiles } from "./check_files.ts";
import type { Context } from "./context.ts";
import type { UpOptions } from "./options.ts";
import type { Seen } from "./settle_unfinished.ts";
import { type Resolved, resolveUnfinished } from "./unfinished.ts";

/** What decides what is run. */
export type Choice = Pick<UpOptions, "to" | "allowOutOfOrder" | "retry" | "parse">;

export interface PlannedFiles {
  readonly files: readonly CheckedFile[];
  /** How many stay pending. */
  readonly rest: number;
  /** Unfinished ones of which nothing was done: they run as if they had never begun. */
  readonly begunAgain: readonly Entry[];
}

/**
 * Decides what to run, and reads and checks it, with where each unfinished one goes on.
 *
 * @throws {Failure} where history does not match the files, or a file has a mistake
 */
export async function planFiles(
  { files: source }: Pick<Context, "files">,
  { session, tracker, entries, options }: Seen & { readonly session: Session; readonly options: Choice },
): Promise<PlannedFiles> {
  const unfinished = await resolveUnfinished(session, { files: source, tracker, entries, retry: options.retry });
  const stopped = (version: bigint) => failureIn(unfinished.get(version));
  const { run, rest } = plan(entries, { to: options.to, allowOutOfOrder: options.allowOutOfOrder, stopped });
  const checked = await (options.parse ? checkFiles : uncheckedFiles)(source, run);
  const files = checked.map((file) => {
    const resolved = unfinished.get(file.migration.version);
    return resolved?.kind === "run" && resolved.resume !== null ? { ...file, resume: resolved.resume } : file;
  });
  const begins = files.filter(({ resume }) => resume === undefined).map(({ migration }) => migration.version);
  const begunAgain = entries.filter(({ version, state }) => state === "unfinished" && begins.includes(version));
  return { files, rest: rest.length, begunAgain };
}

function failureIn(resolved: Resolved | undefined): Failure | null {
  return resolved?.kind === "stop" ? resolved.failure : null;
}
