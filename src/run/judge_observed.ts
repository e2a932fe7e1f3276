/** From what was measured of a statement to what is told of it. */

import { type Catalog, qualified } from "../catalog/catalog.ts";
import type { Observed } from "../database/measure_statement.ts";
import type { SeenRelation, Snapshot } from "../database/snapshot.ts";
import { NO_USAGE } from "../database/usage.ts";
import type { Measured, StatementJudged } from "../events.ts";
import type { Impact, LockMode } from "../impact/impact.ts";
import { LOCK_MODES } from "../impact/impact.ts";
import { conflicts, isLockMode } from "../impact/lock_conflicts.ts";
import { spanInFile } from "../sql/span_in_file.ts";
import type { CheckedFile } from "./check_files.ts";
import { measuredVerdict } from "./measured_verdict.ts";
import { Family, touchedRelations } from "./touched_relations.ts";

export interface NamedLock {
  /** `public.posts`, quoted where SQL needs it. */
  readonly relation: string;
  readonly mode: LockMode;
}

/** A lock and since when it has been held. */
export interface HeldSince extends NamedLock {
  readonly sinceMs: number;
}

export interface JudgedFrom {
  readonly file: CheckedFile;
  /** UTF-16 indices into the file's text. */
  readonly extent: { readonly start: number; readonly end: number };
  readonly observed: Observed;
  readonly waitMs: number;
  /** OIDs of the relations that were there before the run. */
  readonly base: ReadonlySet<string>;
  /** What the statement was expected to do; null where it was not parsed. */
  readonly impact: Impact | null;
  /** Locks of earlier statements of its migration. */
  readonly held: readonly HeldSince[];
  /** When it was sent, by the clock of {@link HeldSince}. */
  readonly clockMs: number;
  readonly catalog: Catalog;
  /** What could not be measured, a whole sentence without a full stop; null for nothing. */
  readonly unknown: string | null;
  readonly commits: boolean;
}

export function judgeObserved(from: JudgedFrom): StatementJudged & { readonly locks: readonly NamedLock[] } {
  const { file, observed, waitMs, base, clockMs, commits } = from;
  const names = (relations: readonly SeenRelation[]) =>
    relations.filter(({ oid }) => base.has(oid)).map(qualified).sort();
  const rewrites = names(observed.rewrites);
  // What is written anew is also read, and by the same pass.
  const scans = names(observed.scans).filter((relation) => !rewrites.includes(relation));
  const locks = locksOf(from);
  const measured: Measured = {
    durationMs: observed.durationMs,
    waitMs: Math.min(waitMs, observed.durationMs),
    walBytes: observed.walBytes,
    rows: observed.rows,
  };
  const workMs = measured.durationMs - measured.waitMs;
  const held = from.held.map((lock) => ({ ...lock, heldMs: clockMs - lock.sinceMs }));
  const { rows, command } = observed;
  const works = { workMs, waitMs: measured.waitMs, rows, command, commits };
  const judged = measuredVerdict({ ...works, locks, held, scans, rewrites });
  return {
    event: "statement",
    version: file.migration.version,
    name: file.migration.name,
    span: spanInFile(file.sql, from.extent),
    statement: observed.command,
    ...judged,
    locks,
    scans,
    rewrites,
    unknown: from.unknown,
    relations: touched(from, measuredImpact(from)),
    measured,
  };
}

/**
 * The locks that the statement took, and those that it needs and its transaction held before: the server does not tell
 * these again, so that they are the expected ones among those that are held.
 */
function locksOf({ observed, base, impact }: JudgedFrom): readonly NamedLock[] {
  const modes = new Map<string, Set<LockMode>>();
  const add = (relation: string, mode: string) => {
    if (!isLockMode(mode)) return;
    modes.set(relation, (modes.get(relation) ?? new Set()).add(mode));
  };
  for (const { relation, mode } of impact?.locks ?? []) {
    const name = qualified(relation);
    if (isHeld({ name, mode }, observed, base)) add(name, mode);
  }
  for (const { relation, mode } of observed.locks) if (base.has(relation.oid)) add(qualified(relation), mode);
  const kinds = new Map([...observed.before.relations.values()].map((one) => [qualified(one), one.kind]));
  const rank = (relation: string) => BESIDE_TABLES.includes(kinds.get(relation) ?? "r") ? 1 : 0;
  const ordered = [...modes].sort(([one], [other]) => rank(one) - rank(other));
  return ordered.flatMap(([relation, all]) => withoutImplied([...all]).map((mode) => ({ relation, mode })));
}

/** Indexes and sequences, whose locks matter less to a reader than those of their table. */
const BESIDE_TABLES = ["i", "I", "S"];

/** Of two where whoever waits for the one waits for the other too, the one that keeps more of them waiting. */
function withoutImplied(modes: readonly LockMode[]): readonly LockMode[] {
  const implies = (mode: LockMode, other: LockMode) =>
    mode !== other && LOCK_MODES.every((one) => !conflicts(other, one) || conflicts(mode, one));
  return modes.filter((mode) => !modes.some((other) => implies(other, mode)));
}

function isHeld(
  { name, mode }: { readonly name: string; readonly mode: LockMode },
  { before, after }: { readonly before: Snapshot; readonly after: Snapshot },
  base: ReadonlySet<string>,
): boolean {
  return after.locks.some(({ oid, mode: held }) => {
    const relation = before.relations.get(oid);
    return held === mode && relation !== undefined && base.has(oid) && qualified(relation) === name;
  });
}

function measuredImpact({ observed, base }: JudgedFrom): Impact {
  const existing = ({ oid }: SeenRelation) => base.has(oid);
  const pass = (relation: SeenRelation) => ({ relation, reason: "", certain: true });
  return {
    locks: observed.locks.flatMap(({ relation, mode }) =>
      existing(relation) && isLockMode(mode) ? [{ relation, mode }] : []
    ),
    scans: observed.scans.filter(existing).map(pass),
    rewrites: observed.rewrites.filter(existing).map(pass),
    unknown: null,
  };
}

/** What hangs on the relations, and how large they are, as `plan` tells it. */
function touched({ catalog }: JudgedFrom, impact: Impact): StatementJudged["relations"] {
  return touchedRelations(impact, { family: new Family(catalog), usage: NO_USAGE });
}

/** Earlier locks and later ones, each once: since it was first taken. */
export function addLocks(
  held: readonly HeldSince[],
  { locks, sinceMs }: { readonly locks: readonly NamedLock[]; readonly sinceMs: number },
): readonly HeldSince[] {
  const isHeld = (lock: NamedLock) =>
    held.some(({ relation, mode }) => relation === lock.relation && mode === lock.mode);
  return [...held, ...locks.filter((lock) => !isHeld(lock)).map((lock) => ({ ...lock, sinceMs }))];
}
