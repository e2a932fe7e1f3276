/** A migration as a value. */

import type { Directives } from "./directives.ts";

export interface Migration {
  readonly version: bigint;
  /** The file's name, `001_create_users.sql`. */
  readonly name: string;
  /** The path as the user would write it, for messages. */
  readonly path: string;
  /** SHA-256 as {@link checksum} makes it. */
  readonly checksum: string;
  /** The file's text without a leading BOM, line ends as they are; null for a file that is too large to be held. */
  readonly text: string | null;
  readonly directives: Directives;
}
