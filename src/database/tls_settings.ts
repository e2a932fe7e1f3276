/** How a connection is to be encrypted: the mode, and the certificates and keys that it takes, read from their files. */

import { createPublicKey } from "node:crypto";
import {
  invalidConnectionParameter,
  unsupportedConnectionParameter,
  unusableConnectionFile,
} from "../errors/database_url.ts";
import type { Environment } from "./environment.ts";
import { homeDirectory } from "./home_directory.ts";
import { isSocketDirectory } from "./server_name.ts";
import type { SettingFiles } from "./setting_files.ts";
import type { Setting, Settings } from "./settings.ts";
import type { SslMode, Tls } from "./target.ts";

const MODES = [
  "disable",
  "allow",
  "prefer",
  "require",
  "verify-ca",
  "verify-full",
] as const satisfies readonly SslMode[];

/** Where the files are, and for what. */
export interface TlsContext {
  /** A socket directory is never encrypted. */
  readonly host: string;
  readonly env: Environment;
  readonly files: SettingFiles;
  readonly os: "windows" | "other";
}

/**
 * Reads what TLS needs, as libpq does: certificates in `~/.postgresql` are used where nothing else is named. Unlike
 * libpq, a file that was named and cannot be read is a failure in every mode: going on without it would verify less.
 *
 * @throws {Failure} exit code 2
 */
export async function tlsSettings(settings: Settings, context: TlsContext): Promise<Tls> {
  const mode = sslMode(settings);
  if (mode === "disable" || isSocketDirectory(context.host)) return { mode: "disable", rootCertificates: null };
  const negotiation = isDirect(settings, mode) ? { direct: true } as const : {};
  const rootCertificates = settings.get("sslrootcert")?.value === "system"
    ? "system"
    : await readPem({ name: "sslrootcert", usual: "root.crt" }, { settings, ...context });
  if (rootCertificates === null && mode.startsWith("verify")) {
    throw unusableConnectionFile(
      `sslmode ${mode}`,
      usualFile("root.crt", context) ?? "~/.postgresql/root.crt",
      "there is no root certificate to compare the server's with",
      "Put the certificate of the authority in that file, or name it with sslrootcert=FILE; sslrootcert=system trusts " +
        "the authorities that this machine trusts.",
    );
  }
  const clientCertificate = settings.get("sslcertmode")?.value === "disable"
    ? null
    : await readPem({ name: "sslcert", usual: "postgresql.crt" }, { settings, ...context });
  const clientKey = clientCertificate === null
    ? null
    : await readPem({ name: "sslkey", usual: "postgresql.key" }, { settings, ...context });
  if (clientCertificate === null) return { mode, rootCertificates, ...negotiation };
  if (clientKey === null) {
    throw unusableConnectionFile(
      "sslcert",
      settings.get("sslcert")?.value ?? "postgresql.crt",
      "there is no key to go with the certificate",
      "Name the file of its key with sslkey=FILE.",
    );
  }
  if (!belongTogether(clientCertificate, clientKey)) {
    throw unusableConnectionFile(
      "sslkey",
      settings.get("sslkey")?.value ?? "postgresql.key",
      "the key does not belong to the client's certificate",
      "Give the key that the certificate of sslcert was made for.",
    );
  }
  return { mode, rootCertificates, ...negotiation, clientCertificate, clientKey };
}

/** Asked here because Deno 2.5 ends the whole process on two that do not. */
function belongTogether(certificate: string, key: string): boolean {
  try {
    const [ofCertificate, ofKey] = [certificate, key].map((pem) =>
      createPublicKey(pem).export({ type: "spki", format: "pem" })
    );
    return ofCertificate === ofKey;
  } catch {
    return false; // one of them is damaged
  }
}

function sslMode(settings: Settings): SslMode {
  const system = settings.get("sslrootcert")?.value === "system";
  const setting = settings.get("sslmode");
  if (setting === undefined) {
    return system ? "verify-full" : settings.get("requiressl")?.value.startsWith("1") ? "require" : "prefer";
  }
  const mode = MODES.find((name) => name === setting.value);
  if (mode === undefined) throw invalidConnectionParameter(setting.origin, `one of ${MODES.join(", ")}`);
  if (system && mode !== "verify-full") {
    // With any other mode a certificate that anybody can buy for a name of their own would do.
    throw unsupportedConnectionParameter(
      setting.origin,
      "sslrootcert=system goes with verify-full only",
      "Write sslmode=verify-full.",
    );
  }
  return mode;
}

/** libpq's rule: a mode that would do without TLS does not go with it. */
function isDirect(settings: Settings, mode: SslMode): boolean {
  const setting = settings.get("sslnegotiation");
  if (setting === undefined || setting.value === "" || setting.value === "postgres") return false;
  if (setting.value !== "direct") throw invalidConnectionParameter(setting.origin, "postgres or direct");
  if (mode === "require" || mode.startsWith("verify")) return true;
  throw unsupportedConnectionParameter(
    setting.origin,
    `direct does not go with sslmode ${mode}`,
    "Write sslmode=require, verify-ca or verify-full.",
  );
}

interface PemSource extends TlsContext {
  readonly settings: Settings;
}

async function readPem(
  { name, usual }: { readonly name: "sslrootcert" | "sslcert" | "sslkey"; readonly usual: string },
  { settings, ...context }: PemSource,
): Promise<string | null> {
  const setting: Setting | undefined = settings.get(name)?.value ? settings.get(name) : undefined;
  const path = setting?.value ?? usualFile(usual, context);
  if (path === undefined) return null;
  const status = await context.files.stat(path);
  if (status === null && setting === undefined) return null;
  const origin = setting?.origin ?? `${name} (its usual file)`;
  if (status === null) throw unusableConnectionFile(origin, path, "there is no such file, or this user may not see it");
  if (name === "sslkey" && othersCanRead(status)) {
    throw unusableConnectionFile(origin, path, "others can read this private key", `chmod 0600 ${path}`);
  }
  let text;
  try {
    text = await context.files.readText(path);
  } catch (error) {
    throw unusableConnectionFile(origin, path, error instanceof Error ? error.message : String(error));
  }
  return asPem(text, { name, origin, path });
}

/** libpq's rule: 0600, or 0640 for a key that root owns, as orchestrators mount them. */
function othersCanRead({ mode, owner }: { readonly mode: number | null; readonly owner: number | null }): boolean {
  return mode !== null && (mode & (owner === 0 ? 0o027 : 0o077)) !== 0;
}

function asPem(
  text: string,
  { name, origin, path }: { readonly name: string; readonly origin: string; readonly path: string },
): string {
  if (name === "sslkey" && text.includes("ENCRYPTED")) {
    throw unusableConnectionFile(
      origin,
      path,
      "the key is encrypted",
      "Give a key without a password: openssl pkey -in encrypted.key -out client.key",
    );
  }
  const what = name === "sslkey" ? "PRIVATE KEY" : "CERTIFICATE";
  if (!text.includes("-----BEGIN ") || !text.includes(`${what}-----`)) {
    throw unusableConnectionFile(origin, path, `it holds no PEM text of a ${what.toLowerCase()}`);
  }
  return text;
}

function usualFile(name: string, { env, os }: TlsContext): string | undefined {
  const home = homeDirectory({ env, os });
  if (home === undefined) return undefined;
  return os === "windows" ? `${home}\\${name}` : `${home}/.postgresql/${name}`;
}
