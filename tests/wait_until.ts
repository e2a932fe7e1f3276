/** How tests wait: for the thing itself, never for a time. */

const DEADLINE_MS = 30_000;
const POLL_MS = 10;

/**
 * Asks again and again until there is an answer, and gives it.
 * @param what names the thing, for the error
 * @throws {Error} when there was none within half a minute
 */
export async function waitUntil<T>(what: string, ask: () => Promise<T | null>): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== null) return answer;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`${what}: not seen within ${DEADLINE_MS / 1000} s`);
}
