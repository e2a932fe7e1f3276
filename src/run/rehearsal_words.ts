/** What a rehearsal on the database itself says before it begins. */

import { type Catalog, qualified } from "../catalog/catalog.ts";
import type { Session } from "../database/session.ts";
import type { Warning } from "../events.ts";
import type { LockMode } from "../impact/impact.ts";
import { impactOf } from "../impact/impact_of.ts";
import { blockedBy, stronger } from "../impact/lock_conflicts.ts";
import type { Statement } from "../sql/parser.ts";
import type { CheckedFile } from "./check_files.ts";
import type { RehearseOptions } from "./options.ts";

const MOST_TOLD = 8;

/** What it will hold, for how long at most, and who waits meanwhile. */
export function inPlaceWarning({ catalog, files, statements, session, name, options }: {
  readonly catalog: Catalog;
  readonly files: readonly CheckedFile[];
  readonly statements: readonly Statement[];
  readonly session: Session;
  readonly name: string;
  readonly options: Pick<RehearseOptions, "lockTimeoutMs" | "statementTimeoutMs">;
}): Warning {
  const postgresVersion = Math.floor(session.facts.versionNumber / 10_000);
  const held = new Map<string, LockMode>();
  let unknown = false;
  for (const statement of statements) {
    const { locks, unknown: why } = impactOf(statement, catalog, { postgresVersion });
    unknown ||= why !== null;
    for (const { relation, mode } of locks) {
      const known = catalog.relations.get(qualified(relation));
      if (known === undefined || known.index !== null || blockedBy(mode) === "nobody") continue;
      held.set(qualified(relation), stronger(held.get(qualified(relation)) ?? mode, mode));
    }
  }
  const all = [...held].map(([relation, mode]) =>
    `${relation} (${blockedBy(mode) === "writes" ? "writes wait" : "reads and writes wait"})`
  );
  const told = [...all.slice(0, MOST_TOLD), ...all.length > MOST_TOLD ? [`${all.length - MOST_TOLD} more`] : []];
  const migrations = files.length === 1 ? "1 migration" : `${files.length} migrations`;
  const what = told.length === 0 ? "no table that others use, as far as can be told" : told.join(", ");
  const more = unknown ? "; some statements show only when they run what they lock" : "";
  const count = statements.length === 1 ? "1 statement" : `${statements.length} statements`;
  return {
    event: "warning",
    code: "rehearsing-in-place",
    message:
      `Rehearsing ${migrations} on ${name} itself, in one transaction: until it is rolled back it holds ${what}` +
      more,
    hint: `${count}: each waits at most ${seconds(options.lockTimeoutMs)} for a lock, and is ended after ` +
      `${seconds(options.statementTimeoutMs)}. Ctrl-C rolls back at once.`,
  };
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}
