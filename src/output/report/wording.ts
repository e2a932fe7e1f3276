/** Numbers of a rehearsal, as the page and the terminal write them. */

/** `0.4 ms`, `12 ms`, `3.4 s`, `2 min 5 s`. */
export function span(ms: number): string {
  if (ms < 10) return `${(Math.round(ms * 10) / 10).toString()} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `1,234,567` */
export function whole(number: number): string {
  return number.toLocaleString("en-US");
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** In powers of 1024, as `pg_size_pretty` counts: `432 bytes`, `4.1 MB`. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
