/** `up --mark-applied`: records an unfinished migration, all of which is there, as applied. */

import { dropClaim, moveClaim } from "../database/claim.ts";
import { adoptFile } from "../database/claim_progress.ts";
import type { Tracker } from "../database/find_tracker.ts";
import { findBuilt } from "../database/index_state.ts";
import type { Session } from "../database/session.ts";
import { claimLost } from "../errors/other_runs.ts";
import { indexesNotValid } from "../errors/unfinished.ts";
import type { Entry } from "../history/compare.ts";
import { parse } from "../sql/parser.ts";
import { readScript } from "../sql/script.ts";
import { statementEffect } from "../sql/statement_effect.ts";

/**
 * Moves the claim of an unfinished migration to the tracker, with the file as it is now where there is one.
 *
 * @throws {Failure} when an index that the file builds CONCURRENTLY is INVALID
 */
export async function markApplied(session: Session, tracker: Tracker, entry: Entry): Promise<void> {
  const { name, version, migration } = entry;
  const { xact, attempt } = entry.unfinished!;
  const of = { version, xact, attempt };
  if (migration !== null) {
    const invalid = await invalidIndexesOf(session, migration.text, xact);
    if (invalid.length > 0) throw indexesNotValid(name, invalid, version);
  }
  const adopt = migration === null ? [] : [adoptFile(tracker.tables, of, migration)];
  const moved = await session.query(["BEGIN READ WRITE", ...adopt, moveClaim(tracker.tables, of, null)].join("; "));
  if (moved.length !== 1) throw claimLost(migration?.path ?? name);
  await session.run("COMMIT");
}

async function invalidIndexesOf(session: Session, text: string | null, since: string): Promise<readonly string[]> {
  if (text === null) return [];
  const parsed = await parse(readScript(text).sql);
  if (parsed.kind !== "statements") return [];
  const invalid: string[] = [];
  for (const statement of parsed.statements) {
    const effect = statementEffect(statement);
    if (effect.kind !== "build-index") continue;
    const found = await findBuilt(session, effect, since);
    if (found !== null && !found.valid) invalid.push(found.name);
  }
  return invalid;
}

/** Forgets claims of which nothing was done: their migrations run as if they had never begun. */
export async function forgetClaims(session: Session, tracker: Tracker, entries: readonly Entry[]): Promise<void> {
  const drops = entries.map(({ version, unfinished }) => {
    const { xact, attempt } = unfinished!;
    return dropClaim(tracker.tables, { version, xact, attempt }).text;
  });
  if (drops.length > 0) await session.run(["BEGIN READ WRITE", ...drops, "COMMIT"].join("; "));
}
