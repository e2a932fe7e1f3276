/** A run that the user interrupted ends with the server's words for that; the user knows it by another name. */

import { Failure } from "../errors/failure.ts";

/** query_canceled (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const QUERY_CANCELED = "57014";

/**
 * After an interrupt, a statement that was cancelled or a connection that ended is that interrupt, with the state of the
 * database that the failure told. Anything else stays what it is: it failed by itself, or its outcome is not known.
 */
export function asInterrupt(failure: Failure, signal: AbortSignal): Failure {
  if (!signal.aborted || !(signal.reason instanceof Failure)) return failure;
  const { file, place, state, sqlstate } = failure.details;
  if (failure.code !== "connection-lost" && sqlstate !== QUERY_CANCELED) return failure;
  const where = place?.file ?? file;
  return signal.reason.with({
    ...(where === undefined ? {} : { file: where }),
    ...(state === undefined ? {} : { state }),
  });
}
