/** The version of a certificate, for the runtime that ends the whole process on one that is too old for it. */

import { Buffer } from "node:buffer";

/** Tag of the field that says the version; version 1, the default, is not said (RFC 5280, 4.1). */
const VERSION_FIELD = 0xa0;

/** Whether the first certificate of a PEM text is of X.509 version 1, which has no extensions. */
export function isVersion1(pem: string): boolean {
  const base64 = /-----BEGIN CERTIFICATE-----([^-]*)/.exec(pem)?.[1] ?? "";
  const der = Buffer.from(base64, "base64");
  // Two sequences are open where the version would stand: the certificate, and what of it is signed.
  const signed = der.subarray(headerLength(der));
  return signed[headerLength(signed)] !== VERSION_FIELD;
}

/** Bytes of the tag and the length of a DER value. */
function headerLength(der: Uint8Array): number {
  const length = der[1] ?? 0;
  return length < 0x80 ? 2 : 2 + (length & 0x7f);
}
