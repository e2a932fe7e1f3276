/** A session on one server, encrypted as the user asked. */

import { certificateNotTaken, noAnswer, notServed } from "../errors/connecting.ts";
import { Failure } from "../errors/failure.ts";
import type { loginRefused } from "../errors/login.ts";
import { certificateFailure, isAlert } from "./certificate_failure.ts";
import { timedOut } from "./connect_socket.ts";
import { dial } from "./dial.ts";
import { openSession } from "./open_session.ts";
import { serverName } from "./server_name.ts";
import { ServerError, type Session, SessionLost } from "./session.ts";
import type { ServerTarget } from "./target.ts";
import { isEncrypted } from "./tls.ts";

/** A session, and how to come to the same server again without asking it once more what TLS it has. */
export interface LoggedIn {
  readonly session: Session;
  readonly server: ServerTarget;
}

/**
 * invalid_authorization_specification: pg_hba.conf has no line for this user with, or without, encryption.
 * protocol_violation: so PgBouncer says "SSL required".
 */
const NOT_THIS_WAY = ["28000", "08P01"];

/** What an attempt was like, for whoever looks at its failure. */
interface Way {
  encrypted: boolean;
  loggedIn: boolean;
}

/**
 * Connects and logs in, within the connect timeout.
 *
 * Like libpq, `allow` begins without TLS and `prefer` with it, and each tries the other way once where the server lets
 * nobody in the first way.
 *
 * @throws {Failure} exit code 4; the reason of the signal
 */
export async function logIn(server: ServerTarget, signal: AbortSignal): Promise<LoggedIn> {
  const limit = new AbortController();
  const way: Way = { encrypted: false, loggedIn: false };
  const late = () => limit.abort(way.loggedIn ? notServed(serverName(server)) : timedOut(server));
  const timer = server.connectTimeoutMs > 0 ? setTimeout(late, server.connectTimeoutMs) : undefined;
  const both = AbortSignal.any([signal, limit.signal]);
  try {
    try {
      return await logInOnce(server, { signal: both, way });
    } catch (error) {
      const other = isRefusedThisWay(error) ? otherWay(server, way) : null;
      if (other === null) throw error;
      return await logInOnce(other, { signal: both, way }).catch((second) => {
        // Where the other way cannot be had at all, the server's own reason says more.
        throw second instanceof Failure && second.code === "tls-failed" ? error : second;
      });
    }
  } finally {
    clearTimeout(timer);
  }
}

function isRefusedThisWay(error: unknown): boolean {
  return error instanceof Failure && error.code === "login-refused" &&
    NOT_THIS_WAY.includes(error.details.sqlstate ?? "");
}

function otherWay(server: ServerTarget, { encrypted }: Way): ServerTarget | null {
  const { mode } = server.tls;
  // Not verified, as in prefer: a server without TLS would have done as well.
  if (mode === "allow") return { ...server, tls: { ...server.tls, mode: "require", rootCertificates: null } };
  return mode === "prefer" && encrypted ? inPlaintext(server) : null;
}

function inPlaintext(server: ServerTarget): ServerTarget {
  return { ...server, tls: { mode: "disable", rootCertificates: null } };
}

/** The server as the attempt found it: one without TLS need not be asked for it again. */
function settled(server: ServerTarget, { encrypted }: Way): ServerTarget {
  return encrypted ? server : inPlaintext(server);
}

async function logInOnce(
  server: ServerTarget,
  { signal, way }: { readonly signal: AbortSignal; readonly way: Way },
): Promise<LoggedIn> {
  try {
    const session = await openSession({
      async dial() {
        const stream = await dial(server, { signal });
        way.encrypted = isEncrypted(stream);
        return stream;
      },
      onLoggedIn: () => way.loggedIn = true,
      cancel: (request) => sendCancel(settled(server, way), request),
      signal,
      user: server.user,
      password: server.password,
      database: server.database,
      applicationName: server.applicationName,
      ...server.options === undefined ? {} : { startupOptions: server.options },
      startupTimeoutMs: 0,
    });
    return { session, server: settled(server, way) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure) throw error;
    const name = serverName(server);
    const hasPassword = (server.password ?? "") !== "";
    if (error instanceof ServerError) throw await refusal(name, error.server, { hasPassword });
    if (!(error instanceof SessionLost)) throw error;
    if (way.encrypted && error.fatal === null) {
      if (isAlert(error.message)) throw certificateFailure(error, server);
      // The alert can get lost: a connection that is reset takes with it what was not read.
      if (server.tls.clientCertificate !== undefined) throw certificateNotTaken(name, error.message);
    }
    throw error.fatal === null ? noAnswer(name, error.message) : await refusal(name, error.fatal, { hasPassword });
  }
}

/** What there is to say about refusals is much, and most runs meet none. */
async function refusal(...refused: Parameters<typeof loginRefused>): Promise<Failure> {
  const { loginRefused } = await import("../errors/login.ts");
  return loginRefused(...refused);
}

/** Without the run's signal: it is the abort of that signal which asks for the cancel. */
async function sendCancel(server: ServerTarget, request: Uint8Array): Promise<void> {
  const socket = await dial(server);
  // The server closes when it has taken the request; closing earlier crashed PgBouncer 1.18.
  await new Promise<void>((resolve) => {
    socket.on("close", resolve);
    socket.resume();
    socket.write(request);
  });
}
