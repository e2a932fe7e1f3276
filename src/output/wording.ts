/** Numbers, times and lists in words. */

/** `1 migration`, `2 migrations`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** `12 ms`, `1.5 s`, `2 min 5 s`, `1 h 3 min`. */
export function duration(milliseconds: number): string {
  const whole = Math.round(milliseconds);
  if (whole < 1000) return `${whole} ms`;
  const tenths = Math.round(whole / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(whole / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `2026-11-22 15:10:00 UTC`: the same wherever it is read. */
export function time(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** `1 row`, `12,000,000 rows`. */
export function rowCount(rows: number): string {
  return `${rows.toLocaleString("en-US")} ${rows === 1 ? "row" : "rows"}`;
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"] as const;

/** As `pg_size_pretty` counts them, in powers of 1024: `8192 bytes`, `4.1 GB`. */
export function bytes(number: number): string {
  let value = number;
  let unit = 0;
  while (value >= 10_240 || (unit > 0 && value >= 1024)) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
