/** How long a run whose connection was lost asks what became of its migrations. */

/** How long the server may take to come back, and what it still does to end. */
const PATIENCE_MS = 15_000;

/**
 * A signal that aborts when that time is over, or when the user interrupts meanwhile. An interrupt from before does not
 * count: the run ends because of it, and should still know what to say.
 */
export function askingTime(interrupt: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  return interrupt.aborted ? limit : AbortSignal.any([limit, interrupt]);
}
