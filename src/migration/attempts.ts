/** How often a migration is tried for locks that others hold. */

/** A whole sentence. */
export const HOW_TO_WRITE_ATTEMPTS = "Write a whole number from 1 to 999999; 1 is for not trying again.";

/** Reads `10`; null for what is no number of attempts. */
export function readAttempts(text: string): number | null {
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : null;
}
