/** What is fuzzed: a name, what to try, what must hold; and the cases that once did not hold. */

import assert from "node:assert/strict";
import fc from "fast-check";

export interface Fuzzed<T> {
  /** A sentence. */
  readonly name: string;
  readonly arbitrary: fc.Arbitrary<T>;
  /** Cases that were found, each tried by itself before anything else. */
  readonly corpus: readonly T[];
  /** Throws where something does not hold that must. */
  readonly check: (input: T) => void | Promise<void>;
  /** One of so many runs is made of it: its inputs are large. */
  readonly oneIn?: number;
}

/** Takes care of the types: properties of different inputs go into one list. */
export function fuzzed<T>(property: Fuzzed<T>): Fuzzed<unknown> {
  return property as unknown as Fuzzed<unknown>;
}

/** No input here takes more than milliseconds; what takes so long takes for ever when it is ten times as large. */
const LONGEST_RUN_MS = 5_000;

/** @throws {Error} when the check fails, or takes longer than any input may */
export async function checkInTime<T>({ check }: Fuzzed<T>, input: T): Promise<void> {
  const start = performance.now();
  await check(input);
  const took = performance.now() - start;
  assert.ok(took < LONGEST_RUN_MS, `took ${Math.round(took)} ms`);
}

/** Pieces that mean something to one of the readers, or to a terminal, or to a CI server. */
const PIECES = [
  ..."'\"\\$;:,.=@/?#%&[]()*+-_ \t\n\r\0a1é\u0301",
  ..."\x1b\x07\x9b\u0085\u00a0\u00ad\u200b\u200d\u202e\u2066\u2028\ufeff\ud800🎉日",
  ...["--", "/*", "*/", "''", '""', "$a$", "\r\n", "::", "::error file=a,line=1::", "::add-mask::", "##[error]", "%0A"],
  ...["##vso[x]", "\x1b[31m", "\x1b]8;;http://x\x07", "-- pgmigrate: ", "no-transaction", "lock-timeout=", "5s", "=x"],
  ...["postgres://", "host=", "password=", "PASSWORD '", "user", "@", "sslmode=", "%2F", "%", "embedded:", "service="],
  ...["{", "}", '{"event":"result"}', "\\u001b", "error: ", "  --> ", " | ", "hint: ", "COPY a FROM stdin;\n", "\\.\n"],
];

const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }).map((parts) => parts.join(""));

/** Bytes as a driver would hand them over: every one a character. */
const bytes = fc.uint8Array({ maxLength: 60 }).map((some) => String.fromCharCode(...some));

/** Text of every kind, short. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: pieces, weight: 4 },
  { arbitrary: bytes, weight: 1 },
  { arbitrary: fc.string({ unit: "binary", maxLength: 40 }), weight: 1 },
);

/** How many characters the longest texts have. */
const LONG = 200_000;

/** One or a few pieces again and again: what takes time that grows with the square of the length shows itself here. */
export const longText: fc.Arbitrary<string> = fc
  .tuple(pieces, fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 3 }), pieces)
  .map(([before, units, after]) => {
    const unit = units.join("");
    return before + unit.repeat(Math.ceil(LONG / unit.length)) + after;
  });

/** A password that no text holds by chance. */
export const password: fc.Arbitrary<string> = fc
  .tuple(fc.string({ unit: fc.constantFrom(..."é€ab%@/#?&=+:,;.-_"), maxLength: 5 }), fc.nat(99))
  .map(([some, number]) => `Zx${number}qJ${some}Wv7`);
