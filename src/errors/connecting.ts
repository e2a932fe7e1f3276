/** A server cannot be reached, or does not speak as a PostgreSQL. */

import { Failure } from "./failure.ts";

/** @param server `host:port` or the path of the socket, without user and password */
export function cannotConnect(server: string, problem: string, hint: string): Failure {
  return new Failure("cannot-connect", 4, `Cannot connect to ${server}: ${problem}`, { hint });
}

/** The server was reached, and the encryption that was asked for could not be had. */
export function tlsFailed(server: string, problem: string, hint: string): Failure {
  return new Failure("tls-failed", 4, `Cannot make an encrypted connection to ${server}: ${problem}`, { hint });
}

/** With TLS 1.3 a server refuses the client's certificate only after the handshake, and may say nothing of it. */
export function certificateNotTaken(server: string, reason: string): Failure {
  return new Failure(
    "tls-failed",
    4,
    `Cannot make an encrypted connection to ${server}: it ended the connection behind the handshake`,
    {
      detail: reason,
      hint:
        "Does the server accept the client's certificate? Its log says why not. The certificate is that of sslcert, " +
        "else ~/.postgresql/postgresql.crt.",
    },
  );
}

/** The connection was made, and went before the server was ready. */
export function noAnswer(server: string, reason: string): Failure {
  return new Failure("no-answer", 4, `${server} took the connection and did not answer as a PostgreSQL: ${reason}`, {
    hint: "Is there a PostgreSQL on this host and port, and does it expect TLS (sslmode)?",
  });
}

/** The login was answered, and the first query was not, within the connect timeout. */
export function notServed(server: string): Failure {
  return new Failure("not-served", 4, `${server} let the connection in, and then did not answer in time`, {
    hint:
      "If a pooler is there, other clients have all its connections to the server: try again, or give it a larger " +
      "pool. The limit is connect_timeout, in seconds.",
  });
}
