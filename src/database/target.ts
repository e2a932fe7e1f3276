/** Where a database is, as a value. `dsn.ts` makes targets from what the user gave. */

/** How much TLS the user asked for, as libpq defines it. */
export type SslMode = "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full";

export interface Tls {
  readonly mode: SslMode;
  /** PEM text of the certificate authorities to trust; `system` for the runtime's own store; null when none was found. */
  readonly rootCertificates: string | "system" | null;
  /** PEM texts of the client's certificate and key. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
}

export interface ServerTarget {
  readonly kind: "server";
  /** Host name, IP address, or a directory that starts with `/` and holds a Unix socket. */
  readonly host: string;
  /** The address to connect to when it is not to be looked up from `host` (PGHOSTADDR). */
  readonly hostAddress?: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | null;
  readonly database: string;
  readonly tls: Tls;
  readonly applicationName: string;
  /** `options` of the startup message (PGOPTIONS), when given. */
  readonly options?: string;
  /** 0 for no limit. */
  readonly connectTimeoutMs: number;
}

export interface EmbeddedTarget {
  readonly kind: "embedded";
  /** Where the data is kept; null for in memory. */
  readonly directory: string | null;
}

export type Target = ServerTarget | EmbeddedTarget;
