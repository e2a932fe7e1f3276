/** Which advice goes with what a server or a pooler has said. */

import type { Fatal } from "./failure.ts";

/** What to do about a reason that the server or a pooler gives. */
export interface Advice {
  readonly sqlstate: string;
  /** What the message has to say, in English; a server that speaks another language gets the advice without one. */
  readonly says?: RegExp;
  readonly hint: string;
}

export function adviceOn({ message, sqlstate }: Fatal, advice: readonly Advice[]): string | undefined {
  return advice.find((one) => one.sqlstate === sqlstate && (one.says?.test(message) ?? true))?.hint;
}
