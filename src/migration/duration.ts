/** Durations as PostgreSQL writes them, with a unit. */

const UNITS_MS = new Map([["ms", 1], ["s", 1000], ["min", 60_000], ["h", 3_600_000], ["d", 86_400_000]]);
const HOW_TO_WRITE = "Write a whole number and a unit (ms, s, min, h, d): 500ms, 5s, 2min; or 0 for none.";

/** The largest value of the server's own timeouts, a 32-bit number of milliseconds: nearly 25 days. */
const LONGEST_MS = 2_147_483_647;

/** A duration in milliseconds, or how it should have been written: a whole sentence. */
export type ReadDuration = { readonly milliseconds: number } | { readonly hint: string };

/** Reads `500ms`, `5s`, `2min`, `1h`, `1d` or `0`. */
export function readDuration(text: string): ReadDuration {
  if (text === "0") return { milliseconds: 0 };
  const [, digits, unit] = /^(\d+) ?([a-zµ]*)$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return { hint: HOW_TO_WRITE };
  if (unit === "") {
    return { hint: `It has no unit. Write ${digits}s for seconds or ${digits}ms for milliseconds.` };
  }
  const unitMs = UNITS_MS.get(unit);
  if (unitMs === undefined) return { hint: HOW_TO_WRITE };
  const milliseconds = Number(digits) * unitMs;
  return milliseconds > LONGEST_MS ? { hint: "The longest is 24d." } : { milliseconds };
}
