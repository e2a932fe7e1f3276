/** TLS on a connection to a server, asked for and verified as libpq does. */

import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions, TLSSocket } from "node:tls";
import { noAnswer, tlsFailed } from "../errors/connecting.ts";
import { certificateFailure } from "./certificate_failure.ts";
import { isVersion1 } from "./certificate_version.ts";
import { hasOldTls, underTls } from "./runtime_tls.ts";
import { serverName } from "./server_name.ts";
import type { ServerTarget } from "./target.ts";

/** The SSLRequest message: its length and the number that stands for it (PostgreSQL documentation, "Message Formats"). */
const SSL_REQUEST = new Uint8Array([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
/** What a handshake without that message has to agree on, so that no other service is taken for PostgreSQL. */
const PROTOCOL = "postgresql";
const YES = 0x53; // S
const NO = 0x4e; // N

/**
 * Asks the server for TLS and shakes hands, as the target's mode says.
 *
 * Verified is the server's certificate in `verify-ca` and `verify-full`, and in `require` when there is a root
 * certificate. In `prefer` it is not, for a server without TLS would do as well.
 *
 * @param socket just connected, with nothing read from it; it is destroyed when this fails
 * @returns the encrypted stream; or `socket` itself when the server has no TLS and the mode lets that pass
 * @throws {Failure} `tls-failed`; or the reason of the signal, when that aborts first
 */
export async function encrypt(
  socket: Socket,
  { target, signal }: { readonly target: ServerTarget; readonly signal: AbortSignal },
): Promise<Duplex> {
  const options = tlsOptions(target);
  return await new Promise<Duplex>((resolve, reject) => {
    let stream: Duplex = socket;
    const settle = () => {
      signal.removeEventListener("abort", aborted);
      for (const each of [socket, stream]) each.off("error", failed).off("close", closed);
    };
    const giveUp = (reason: unknown) => {
      settle();
      stream.on("error", () => {}); // one that comes late must not end the process
      stream.destroy();
      socket.destroy();
      reject(reason);
    };
    const aborted = () => giveUp(signal.reason);
    const done = (result: Duplex) => {
      settle();
      resolve(result);
    };
    const failed = (error: Error) => giveUp(certificateFailure(error, target));
    const closed = () => {
      const reason = "the server closed the connection";
      giveUp(
        stream === socket ? noAnswer(serverName(target), reason) : tlsFailed(serverName(target), reason, CLOSED_HINT),
      );
    };
    if (signal.aborted) return aborted();
    signal.addEventListener("abort", aborted);
    socket.on("error", failed);
    socket.on("close", closed);
    const shakeHands = () => {
      try {
        stream = handshake(socket, { options, failed, closed, done });
      } catch (error) {
        failed(error as Error); // a certificate or key that is none, or two that do not belong together
      }
    };
    if (target.tls.direct) return shakeHands();
    socket.once("data", (answer: Uint8Array) => {
      socket.pause();
      // More than one byte may be plaintext that somebody slipped in before the encryption began (CVE-2021-23222).
      if (answer.length === 1 && answer[0] === YES) {
        shakeHands();
      } else if (answer.length === 1 && answer[0] === NO) {
        if (isOptional(target)) done(socket);
        else giveUp(tlsFailed(serverName(target), "the server has no TLS", NO_TLS_HINT));
      } else {
        giveUp(tlsFailed(serverName(target), "the server did not answer as PostgreSQL does", NOT_POSTGRES_HINT));
      }
    });
    socket.write(SSL_REQUEST);
  });
}

interface Handshake {
  readonly options: ConnectionOptions;
  readonly failed: (error: Error) => void;
  readonly closed: () => void;
  readonly done: (stream: Duplex) => void;
}

function handshake(socket: Socket, { options, failed, closed, done }: Handshake): Duplex {
  const stream = connectTls({ ...options, socket: underTls(socket) });
  stream.on("error", failed);
  stream.on("close", closed);
  // Deno 2.9 leaves it half open on a stream that is no socket; nobody would hear that the server has gone.
  stream.once("end", () => stream.destroy());
  stream.once("secureConnect", () => {
    // Deno 2.5 and 2.6 come here after a handshake that failed, too: without a certificate, the error to follow.
    if (!hasCertificate(stream)) return;
    if (options.ALPNProtocols === undefined || stream.alpnProtocol === PROTOCOL) done(stream);
    else failed(new Error(`the server did not agree to the protocol ${PROTOCOL}`));
  });
  return stream;
}

/** Whether a stream that {@link encrypt} gave is encrypted. */
export function isEncrypted(stream: Duplex): boolean {
  return stream instanceof TLSSocket;
}

/** Whether plaintext will do when TLS cannot be had. */
export function isOptional({ tls }: Pick<ServerTarget, "tls">): boolean {
  return tls.mode === "prefer";
}

const CLOSED_HINT = "Is it a PostgreSQL server, and does it still accept connections? Its log may say why.";
const NO_TLS_HINT = "Switch TLS on in the server (ssl = on), or write sslmode=prefer where plaintext is good enough.";
const NOT_POSTGRES_HINT = "Is that the port of a PostgreSQL server?";

/**
 * Refuses what this runtime would verify less than was asked, or would end the whole process on.
 *
 * @throws {Failure} `tls-failed`
 */
export function refuseUnusable(target: ServerTarget): void {
  if (!hasOldTls(Deno.version.deno) || target.tls.mode === "disable") return;
  const { rootCertificates, clientCertificate } = target.tls;
  if (isVerified(target) && rootCertificates !== "system") {
    throw tlsFailed(
      serverName(target),
      `Deno ${Deno.version.deno} would trust the authorities of this machine beside your root certificate`,
      "Use an executable of pgmigrate made with Deno 2.8 or newer; or, for a server whose certificate comes from a " +
        "public authority, sslmode=verify-full&sslrootcert=system.",
    );
  }
  if (clientCertificate !== undefined && isVersion1(clientCertificate)) {
    throw tlsFailed(
      serverName(target),
      `Deno ${Deno.version.deno} takes no client certificate of X.509 version 1`,
      "Have the certificate made anew with an extension, such as extendedKeyUsage=clientAuth; or use an executable of " +
        "pgmigrate made with Deno 2.8 or newer.",
    );
  }
}

/** A root certificate makes `require` the same as `verify-ca`, as in libpq. */
function isVerified({ tls }: ServerTarget): boolean {
  return tls.mode.startsWith("verify") || (tls.mode === "require" && tls.rootCertificates !== null);
}

/** What to shake hands with, and what to verify. */
function tlsOptions(target: ServerTarget): ConnectionOptions {
  const { mode, rootCertificates, clientCertificate, clientKey } = target.tls;
  const verified = isVerified(target);
  return {
    minVersion: "TLSv1.2",
    ...(target.tls.direct ? { ALPNProtocols: [PROTOCOL] } : {}),
    rejectUnauthorized: verified,
    // The name that is verified. An IP address must not stand in servername, and "" there would switch this off.
    host: target.host,
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    ...(rootCertificates === null || rootCertificates === "system" || !verified ? {} : { ca: rootCertificates }),
    // Deno 2.5 and 2.6 compare no names when this is there at all.
    ...(verified && mode !== "verify-full" ? { checkServerIdentity: () => undefined } : {}),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
    ...(clientKey === undefined ? {} : { key: clientKey }),
  };
}

function hasCertificate(stream: TLSSocket): boolean {
  return Object.keys(stream.getPeerCertificate() ?? {}).length > 0;
}
