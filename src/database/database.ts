/** A database as the use cases see it: something that opens sessions. */

import type { Session } from "./session.ts";

export interface Database extends AsyncDisposable {
  /** `embedded`: has one connection only, so no lock connection; the lock on its directory takes that part. */
  readonly kind: "server" | "embedded";
  /**
   * Opens a session. It never reconnects: when it is lost, it stays lost. The first one chooses the server, where there
   * are several, and all others are on that same server. Until {@link stopWaiting} it waits for a server that starts.
   * @throws {Failure} exit code 4
   */
  open(): Promise<Session>;
  /**
   * Opens a session after a loss on whichever server has the database now: after a failover, another one. It does not
   * wait, and no interrupt but this signal ends it.
   * @throws {Failure} exit code 4
   */
  openAnywhere(signal: AbortSignal): Promise<Session>;
  /** From now on no session is waited for: something has begun that must not be left alone for so long. */
  stopWaiting(): void;
}
