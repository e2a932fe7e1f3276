/** What a statement does to the relations that are there: the locks it takes, and which it reads or writes whole. */

import type { QualifiedName } from "../catalog/catalog.ts";

/** The lock modes of tables, weakest first, as `pg_locks.mode` spells them. */
export const LOCK_MODES = [
  "AccessShareLock",
  "RowShareLock",
  "RowExclusiveLock",
  "ShareUpdateExclusiveLock",
  "ShareLock",
  "ShareRowExclusiveLock",
  "ExclusiveLock",
  "AccessExclusiveLock",
] as const;

export type LockMode = (typeof LOCK_MODES)[number];

/** A lock that a statement takes. Where it takes two on one relation and one implies the other, the stronger alone. */
export interface RelationLock {
  readonly relation: QualifiedName;
  readonly mode: LockMode;
}

/** A relation that is read or written whole. */
export interface WholePass {
  readonly relation: QualifiedName;
  /** Why, as the end of a sentence: `every row is checked for NULL`. */
  readonly reason: string;
  /** false: it depends on something that is not known, such as the type that a column has had. */
  readonly certain: boolean;
}

/** What a statement does, seen before it runs. Relations that the statement itself makes are in no list. */
export interface Impact {
  /** In the order in which they are taken. Catalogs and TOAST tables are left out; indexes are not. */
  readonly locks: readonly RelationLock[];
  /** Tables and materialized views that are read from one end to the other; most that are rewritten are. */
  readonly scans: readonly WholePass[];
  /** Tables and materialized views that get a new file, an empty one included; never indexes. */
  readonly rewrites: readonly WholePass[];
  /** Why not everything it does can be known without running it: a whole sentence without a full stop; null where it can. */
  readonly unknown: string | null;
}
