/** The program was interrupted, or has a defect. */

import { Failure } from "./failure.ts";

const INTERRUPT_EXIT_CODES = { SIGINT: 130, SIGBREAK: 130, SIGTERM: 143 } as const;

/** The user or the system asked the run to end. It is the reason that the run's AbortSignal aborts with. */
export function interrupted(signal: keyof typeof INTERRUPT_EXIT_CODES): Failure {
  return new Failure("interrupted", INTERRUPT_EXIT_CODES[signal], `Interrupted by ${signal}`);
}

/** Something was thrown that no one foresaw. `stack` is shown where it is given. */
export function internalError(message: string, stack?: string): Failure {
  return new Failure("internal-error", 1, `pgmigrate has a defect: ${message}`, {
    hint: stack === undefined
      ? "Run it again with --verbose to see where, and report that."
      : "Report this with the version that pgmigrate --version --verbose prints.",
    ...(stack === undefined ? {} : { where: stack }),
  });
}
