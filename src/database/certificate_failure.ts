/** What went wrong in a TLS handshake, in words. */

import { tlsFailed } from "../errors/connecting.ts";
import type { Failure } from "../errors/failure.ts";
import { serverName } from "./server_name.ts";
import type { ServerTarget } from "./target.ts";

/** Error codes of OpenSSL, and the words of rustls; an alert is what the server says of the client. */
const PROBLEMS: readonly { readonly pattern: RegExp; readonly problem: string; readonly hint: string }[] = [
  {
    pattern: /ALTNAME_INVALID|not valid for name|NotValidForName/,
    problem: "its certificate is for another name",
    hint: "Connect by a name that the certificate holds; sslmode=verify-ca does not compare names.",
  },
  {
    pattern: /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_UNTRUSTED|UnknownIssuer/,
    problem: "its certificate comes from an authority that is not trusted here",
    hint: "Name the file of the authority's certificate with sslrootcert=FILE; sslrootcert=system trusts public ones.",
  },
  {
    pattern: /CERT_HAS_EXPIRED|Expired/,
    problem: "its certificate has expired",
    hint: "Renew the server's certificate, or set the clock of this machine.",
  },
  {
    pattern: /CERT_NOT_YET_VALID|NotValidYet/,
    problem: "its certificate is not valid yet",
    hint: "Set the clock of this machine, or wait until the certificate is valid.",
  },
];

/** The alerts of TLS (RFC 8446, 6.2) that people meet, which are about the client's side. */
const ALERTS: typeof PROBLEMS = [
  {
    pattern: /unknown.?ca/i,
    problem: "it does not trust the authority of the client's certificate",
    hint: "Give a certificate of an authority that the server trusts (its ssl_ca_file) with sslcert=FILE.",
  },
  {
    pattern: /certificate.?expired/i,
    problem: "it says that the client's certificate has expired",
    hint: "Renew the certificate of sslcert, or set the clocks of both machines.",
  },
  {
    pattern: /certificate/i,
    problem: "it does not accept the client's certificate",
    hint: "Its log says why. The certificate is that of sslcert, else ~/.postgresql/postgresql.crt.",
  },
  {
    pattern: /protocol.?version/i,
    problem: "it has no version of TLS that this runtime has",
    hint: "pgmigrate takes TLS 1.2 and 1.3. Raise ssl_max_protocol_version on the server.",
  },
];

/** Whether the server has ended the connection with an alert; after a handshake it comes with the first answer. */
export function isAlert(message: string): boolean {
  return /\balert\b/i.test(message);
}

/** The failure that an error of the TLS layer stands for. */
export function certificateFailure(error: Error, target: ServerTarget): Failure {
  const code = "code" in error ? String(error.code) : "";
  const problems = isAlert(error.message) ? ALERTS : PROBLEMS;
  const known = problems.find(({ pattern }) => pattern.test(`${code} ${error.message}`));
  const detail = error.message === "" ? code : error.message;
  return tlsFailed(
    serverName(target),
    known?.problem ?? detail,
    known?.hint ??
      "Do client and server share a version of TLS, and do the client's certificate and key belong together?",
  ).with({ detail });
}
