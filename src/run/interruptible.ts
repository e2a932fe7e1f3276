/** What a session runs, and an interrupt: one cancel request is not enough. */

import type { Session } from "../database/session.ts";
import { endsWithin } from "./ends_within.ts";

/** Between two cancel requests: one that comes between two statements has no effect. */
const CANCEL_AGAIN_MS = 100;

/** Asks the server to cancel what it runs until all of it has ended. */
export async function cancelUntil(session: Pick<Session, "cancel">, ended: Promise<unknown>): Promise<void> {
  do await session.cancel().catch(() => {}); while (!await endsWithin(CANCEL_AGAIN_MS, ended));
}

/**
 * Sends something that an interrupt is to end: nothing is sent behind one, and what was sent is cancelled until the
 * server has answered.
 *
 * @throws the reason of the signal, when it has aborted before
 */
export async function interruptible<T>(
  { session, signal }: { readonly session: Pick<Session, "cancel">; readonly signal: AbortSignal },
  send: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const sent = send();
  const cancel = () => void cancelUntil(session, Promise.allSettled([sent]));
  signal.addEventListener("abort", cancel);
  try {
    return await sent;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}
