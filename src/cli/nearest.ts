/** The word of a list that someone who mistyped most likely meant. */

/**
 * Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, substitutions and swaps of neighbours.
 */
export function distance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, beforePrevious[column - 2]! + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}

/**
 * @returns the candidate that is nearest to the word, or null when none is near: more than a third of it would change.
 *   A candidate that the word begins counts as near (`--lock` for `--lock-wait`).
 */
export function nearest(word: string, candidates: readonly string[]): string | null {
  // A long argument is no mistyped word, and comparing it would cost its length squared.
  if (word.length > 40) return null;
  const typed = word.toLowerCase();
  let best: { candidate: string; distance: number } | null = null;
  for (const candidate of candidates) {
    const bare = candidate.replace(/^-+/, "");
    const begun = typed.replace(/^-+/, "").length >= 2 && bare.startsWith(typed.replace(/^-+/, ""));
    const far = begun ? 1 : distance(typed, candidate);
    if (far <= Math.max(1, Math.floor(bare.length / 3)) && (best === null || far < best.distance)) {
      best = { candidate, distance: far };
    }
  }
  return best?.candidate ?? null;
}
