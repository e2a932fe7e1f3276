/** The name of a migration: `NNN_name.sql`. */

/** What a migration's file name says. */
export interface ParsedFileName {
  readonly version: bigint;
  /** The number as written, `001`. */
  readonly digits: string;
  /** The part between the number and `.sql`, `create_users`. */
  readonly title: string;
}

/** The largest version: what PostgreSQL's BIGINT holds. */
export const MAX_VERSION = 2n ** 63n - 1n;

/** A name in a sentence: as it is, or with escapes in quotes where it would not stay on its line. */
export function nameInSentence(name: string): string {
  // deno-lint-ignore no-control-regex -- Unicode's Cc, Zl and Zp, whose names V8 takes longer to read
  return /[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(name) ? JSON.stringify(name) : name;
}

const PATTERN = /^(\d+)_(.+)\.sql$/s;

/**
 * Reads a file's name, or gives null for a file that is not a migration. A version of 0 or past {@link MAX_VERSION} is
 * given as it is: what to say of it is the caller's.
 */
export function parseFileName(name: string): ParsedFileName | null {
  const match = PATTERN.exec(name);
  if (match === null) return null;
  const [, digits, title] = match as unknown as [string, string, string];
  return { version: BigInt(digits), digits, title };
}
