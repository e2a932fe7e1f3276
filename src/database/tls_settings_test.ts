import assert from "node:assert/strict";
import { Failure } from "../errors/failure.ts";
import type { FileStatus } from "./setting_files.ts";
import { tlsSettings } from "./tls_settings.ts";

// Made by openssl for these tests: nothing trusts them, and nothing looks at their dates.
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUWOQMK8w4U6nQ5PSdMr0MYUKZTPYwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdW5pdDAeFw0yNjExMjIxODU3MDFaFw0zNjExMTkxODU3MDFa
MA8xDTALBgNVBAMMBHVuaXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARx21tb
cBlcWPs/DI4hZHYf+GPH8qCO9qjl0+IZx72RWSmZcsZ8x1x1YLTbrB87T+csyW/l
L3oMIkMFaaFd6zjUo1MwUTAdBgNVHQ4EFgQU/ace5bj7rSMnMz4xHTBygGHFVIow
HwYDVR0jBBgwFoAU/ace5bj7rSMnMz4xHTBygGHFVIowDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEAwDDzHDH02MKn1T864stlVXYz8Yqaa/ofK5/G
oYWaP4oCIAtGDcHn03niTfb4AJQIvrofL8crY+7EQueCHTnSCSl8
-----END CERTIFICATE-----
`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgeprMyKvhj/MBX8zv
JHVr4Ht9iIxXrMFkY+GpNNelpBahRANCAARx21tbcBlcWPs/DI4hZHYf+GPH8qCO
9qjl0+IZx72RWSmZcsZ8x1x1YLTbrB87T+csyW/lL3oMIkMFaaFd6zjU
-----END PRIVATE KEY-----
`;
const OTHER_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgv8jZGxxJMoCnS4an
F28ETFcj9tphixz9wWH7k1QLH6uhRANCAATCFVGvc0XMb1n0aPkd2anleKDf5HYX
QvEDGL+zERsAJH2iFvxRsjr70kTOy2zMNDUdc3WyjC0eKZinJID1ZcrO
-----END PRIVATE KEY-----
`;

type Given = Readonly<Record<string, string>>;

function read(
  given: Given,
  files: Given = {},
  { host = "db", ...status }: Partial<FileStatus> & { host?: string } = {},
) {
  const settings = Object.entries(given).map(([name, value]) => [name, { value, origin: name }] as const);
  return tlsSettings(new Map(settings), {
    host,
    env: { HOME: "/home/ann" },
    os: "other",
    files: {
      readText: (path) => Promise.resolve(files[path] ?? ""),
      stat: (path) => Promise.resolve(path in files ? { isFile: true, mode: 0o600, owner: 1000, ...status } : null),
    },
  });
}

async function failure(...given: Parameters<typeof read>): Promise<Failure> {
  try {
    await read(...given);
  } catch (error) {
    assert(error instanceof Failure, String(error));
    assert.equal(error.exitCode, 2);
    return error;
  }
  assert.fail("nothing was thrown");
}

Deno.test("tlsSettings() prefers TLS unless told otherwise", async () => {
  assert.deepEqual(await read({}), { mode: "prefer", rootCertificates: null });
  assert.equal((await read({ requiressl: "1" })).mode, "require");
  assert.equal((await read({ requiressl: "1", sslmode: "disable" })).mode, "disable");
});

Deno.test("tlsSettings() wants no TLS, and no files, on a Unix socket", async () => {
  assert.equal((await read({ sslmode: "verify-full", sslrootcert: "/none" }, {}, { host: "/tmp" })).mode, "disable");
});

Deno.test("tlsSettings() reads certificates from their usual files", async () => {
  const tls = await read({ sslmode: "verify-full" }, {
    "/home/ann/.postgresql/root.crt": CERTIFICATE,
    "/home/ann/.postgresql/postgresql.crt": CERTIFICATE,
    "/home/ann/.postgresql/postgresql.key": KEY,
  });
  assert.deepEqual(tls, {
    mode: "verify-full",
    rootCertificates: CERTIFICATE,
    clientCertificate: CERTIFICATE,
    clientKey: KEY,
  });
});

Deno.test("tlsSettings() refuses to verify without a root certificate", async () => {
  assert.match((await failure({ sslmode: "verify-ca" })).details.hint ?? "", /sslrootcert=FILE.*sslrootcert=system/);
});

Deno.test("tlsSettings() refuses a file that was named and cannot be used, in every mode with TLS", async () => {
  assert.equal((await failure({ sslmode: "require", sslrootcert: "/none" })).details.file, "/none");
  assert.match((await failure({ sslrootcert: "/x" }, { "/x": "not PEM" })).message, /no PEM text of a certificate/);
  assert.match((await failure({ sslcert: "/c" }, { "/c": CERTIFICATE })).message, /no key to go with/);
});

Deno.test("tlsSettings() lets system go with verify-full only, which it means by itself", async () => {
  assert.deepEqual(await read({ sslrootcert: "system" }), { mode: "verify-full", rootCertificates: "system" });
  assert.match((await failure({ sslrootcert: "system", sslmode: "require" })).message, /verify-full only/);
});

Deno.test("tlsSettings() refuses a private key that others can read, or that is encrypted", async () => {
  const given = { sslcert: "/c", sslkey: "/k" };
  const files = { "/c": CERTIFICATE, "/k": KEY };
  assert.match((await failure(given, files, { mode: 0o640 })).message, /others can read this private key/);
  assert.match((await failure(given, files, { mode: 0o644, owner: 0 })).message, /others can read this private key/);
  assert.equal((await read(given, files, { mode: 0o640, owner: 0 })).clientKey, KEY);
  const encrypted = KEY.replaceAll("PRIVATE", "ENCRYPTED PRIVATE");
  assert.match((await failure(given, { ...files, "/k": encrypted })).details.hint ?? "", /openssl pkey/);
});

Deno.test("tlsSettings() refuses a key that does not belong to the certificate, or is damaged", async () => {
  for (const key of [OTHER_KEY, KEY.replace(/MIG./, "AAAA")]) {
    const refused = await failure({ sslcert: "/c", sslkey: "/k" }, { "/c": CERTIFICATE, "/k": key });
    assert.match(refused.message, /does not belong to the client's certificate$/);
    assert.equal(refused.details.file, "/k");
  }
});

Deno.test("tlsSettings() takes sslnegotiation=direct in modes that need TLS, and refuses it in others", async () => {
  assert.equal((await read({ sslmode: "require", sslnegotiation: "direct" })).direct, true);
  assert.equal((await read({ sslmode: "require", sslnegotiation: "postgres" })).direct, undefined);
  assert.match((await failure({ sslnegotiation: "direct" })).message, /direct does not go with sslmode prefer$/);
  assert.match((await failure({ sslmode: "require", sslnegotiation: "x" })).message, /a value that cannot be used$/);
});

Deno.test("tlsSettings() reads no client certificate with sslcertmode=disable", async () => {
  const files = { "/home/ann/.postgresql/postgresql.crt": CERTIFICATE, "/home/ann/.postgresql/postgresql.key": KEY };
  assert.equal((await read({ sslcertmode: "disable" }, files)).clientCertificate, undefined);
  assert.equal((await read({ sslcertmode: "allow" }, files)).clientCertificate, CERTIFICATE);
});
