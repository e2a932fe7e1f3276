/** What a statement that failed outside a transaction has left. */

import { findBuilt, findDropped, type FoundIndex, invalidInReach, isReindexLeftover } from "../database/index_state.ts";
import { ServerError } from "../database/session.ts";
import { Failure } from "../errors/failure.ts";
import type { Run } from "./send_statements.ts";

/** Nothing of the migration at all; or a part of it, with the names of the INVALID indexes that its last statement left. */
export type Left = "nothing" | { readonly invalid: readonly string[] };

/** Looks at the database for what is left of a migration that stopped. Call it under the search_path of the file. */
export async function leftBehind(error: unknown, run: Run): Promise<Left> {
  const { file, progress } = run;
  const part = { invalid: [] };
  if (progress.claim === null) return "nothing";
  // Of a statement that has run, no more is known than that its end could not be noted.
  if (progress.sent !== null && !(error instanceof ServerError || error instanceof Failure)) return part;
  if (progress.sent === null) return progress.done === 0 ? "nothing" : part;
  const effect = file.statements?.[progress.current!]?.effect;
  switch (effect?.kind) {
    case "build-index":
    case "reindex":
    case "drop-index": {
      const found = await leftovers(run);
      if (progress.done === 0 && found.length === 0) return "nothing";
      return { invalid: found.filter(({ valid }) => !valid).map(({ name }) => name) };
    }
    case "repeatable":
      return progress.done === 0 ? "nothing" : part;
    default:
      return part;
  }
}

async function leftovers({ file, options: { session }, progress }: Run): Promise<readonly FoundIndex[]> {
  const { xact } = progress.claim!;
  const effect = file.statements![progress.current!]!.effect;
  switch (effect.kind) {
    case "build-index": {
      const found = effect.name === null
        ? await invalidInReach(session, effect, xact)
        : [await findBuilt(session, effect, xact)].filter((one) => one !== null);
      return found.filter(({ isNewer, isBusy }) => isNewer && !isBusy);
    }
    case "reindex":
      return (await invalidInReach(session, effect, xact)).filter(isReindexLeftover);
    case "drop-index":
      return [await findDropped(session, effect, xact)].filter((one) => one !== null).filter(({ valid }) => !valid);
    default:
      return [];
  }
}
