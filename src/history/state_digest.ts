/** One string that tells whether two databases have the same migrations applied. */

import { createHash } from "node:crypto";
import type { AppliedRow } from "./compare.ts";

/**
 * SHA-256, in hexadecimal, over a line `VERSION CHECKSUM` for every applied row in order of versions, each ended by LF.
 * A row without a checksum counts with `-`.
 */
export function stateDigest(rows: readonly AppliedRow[]): string {
  const hash = createHash("sha256");
  for (const { version, checksum } of [...rows].sort((a, b) => a.version < b.version ? -1 : 1)) {
    hash.update(`${version} ${checksum ?? "-"}\n`);
  }
  return hash.digest("hex");
}
