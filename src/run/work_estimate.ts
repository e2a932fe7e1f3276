/** How long a statement is at work on a table of some size: an estimate, made to be too long rather than too short. */

/** What is done to a table from its first row to its last. */
export type Work = "scan" | "index" | "rewrite";

/**
 * What a server gets done in a second. Measured on PostgreSQL 18 (1,000,000 rows, 104 MB, two indexes, all of it in
 * memory, two cores): scan 300 to 550 MB and 3 to 5 million rows, index 100 to 350 MB and 1 to 3 million rows, rewrite 30
 * MB and 300,000 rows. A sixth of the least of these is what a busy server with a disk behind it is trusted with.
 */
const PER_SECOND: Readonly<Record<Work, { readonly bytes: number; readonly rows: number }>> = {
  scan: { bytes: 50_000_000, rows: 500_000 },
  index: { bytes: 15_000_000, rows: 150_000 },
  rewrite: { bytes: 5_000_000, rows: 50_000 },
};

/** Measured: an UPDATE of every row of that table, 48,000 a second. */
const WRITTEN_ROWS_PER_SECOND = 10_000;

/** Of a table. null: not known. */
export interface Size {
  readonly rows: number | null;
  readonly bytes: number | null;
}

/** @returns seconds; null where nothing is known of the size */
export function secondsOfWork(work: Work, { rows, bytes }: Size): number | null {
  if (rows === null && bytes === null) return null;
  const rate = PER_SECOND[work];
  return Math.max((rows ?? 0) / rate.rows, (bytes ?? 0) / rate.bytes);
}

/** Of an INSERT, UPDATE or DELETE. @returns seconds */
export function secondsToWrite(rows: number): number {
  return rows / WRITTEN_ROWS_PER_SECOND;
}
