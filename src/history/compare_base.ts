/** What became of the migrations that a base has: the branch that a change goes into, or a file of checksums. Pure. */

import type { Summed } from "../migration/sums.ts";

/** A migration of the base, or a new one, that is not as it has to be. */
export type BaseMismatch =
  | { readonly kind: "edited" | "removed"; readonly base: Summed }
  /** `edited`: it has another content as well. */
  | { readonly kind: "renamed"; readonly base: Summed; readonly to: Summed; readonly edited: boolean }
  /** New, with a lower number than the last that the base has. */
  | { readonly kind: "numbered-around"; readonly added: Summed; readonly last: Summed };

/**
 * Compares the files with those of the base, in order of their versions.
 *
 * @param base in order of their versions
 * @param now in order of their versions
 * @returns nothing where every migration of the base is as it was, and every other one has a higher number
 */
export function compareWithBase(base: readonly Summed[], now: readonly Summed[]): readonly BaseMismatch[] {
  const byName = new Map(now.map((one) => [one.name, one]));
  const names = new Set(base.map(({ name }) => name));
  const added = now.filter(({ name }) => !names.has(name));
  const taken = new Set<string>();
  const mismatches: BaseMismatch[] = [];
  for (const one of base) {
    const same = byName.get(one.name);
    if (same !== undefined) {
      if (same.checksum !== one.checksum) mismatches.push({ kind: "edited", base: one });
      continue;
    }
    const to = renamedTo(one, added.filter(({ name }) => !taken.has(name)));
    if (to === undefined) mismatches.push({ kind: "removed", base: one });
    else {
      taken.add(to.name);
      mismatches.push({ kind: "renamed", base: one, to, edited: to.checksum !== one.checksum });
    }
  }
  const last = base.at(-1);
  for (const one of last === undefined ? [] : added) {
    if (taken.has(one.name) || one.version > last!.version) continue;
    mismatches.push({ kind: "numbered-around", added: one, last: last! });
  }
  return mismatches;
}

/** The new file that has its number and its content, or its content, or its number. */
function renamedTo({ version, checksum }: Summed, added: readonly Summed[]): Summed | undefined {
  const same = added.filter((one) => one.checksum === checksum);
  return same.find((one) => one.version === version) ?? same[0] ?? added.find((one) => one.version === version);
}
