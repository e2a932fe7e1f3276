/** Ctrl-C, and what it does to the statement that runs. */

import type { Session } from "../database/session.ts";

/** While it is held, an abort of the signal cancels what the session runs. */
export function cancelOnAbort(session: Session, signal: AbortSignal): Disposable {
  const cancel = () => void session.cancel().catch(() => {});
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", cancel) };
}
