/** A database as the use cases see it: something that opens sessions. */

import type { Session } from "./session.ts";

export interface Database extends AsyncDisposable {
  /** `embedded`: has one connection only, so no lock connection; the lock on its directory takes that part. */
  readonly kind: "server" | "embedded";
  /**
   * Opens a session. It never reconnects: when it is lost, it stays lost.
   * @throws {Failure} exit code 4
   */
  open(): Promise<Session>;
}
