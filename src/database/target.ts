/** Where a database is, as a value. `dsn.ts` makes targets from what the user gave. */

/** How much TLS the user asked for, as libpq defines it. */
export type SslMode = "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full";

export interface Tls {
  readonly mode: SslMode;
  /** PEM text of the certificate authorities to trust; `system` for the runtime's own store; null when none was found. */
  readonly rootCertificates: string | "system" | null;
  /** Set where the handshake begins at once, without asking for it (sslnegotiation=direct, PostgreSQL 17 and newer). */
  readonly direct?: true;
  /** PEM texts of the client's certificate and key. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
}

/** One server, and the login there. */
export interface ServerTarget {
  /** Host name, IP address, or a directory that starts with `/` and holds a Unix socket. */
  readonly host: string;
  /** The address to connect to when it is not to be looked up from `host` (PGHOSTADDR). */
  readonly hostAddress?: string;
  /** The address to connect to, where the name of the host was looked up already. */
  readonly address?: string;
  /** Set where the host has another address, to be tried when this one does not answer soon. */
  readonly othersFollow?: boolean;
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

/** Which of several servers is meant, as libpq defines target_session_attrs. */
export type SessionAttributes = "any" | "read-write" | "read-only" | "primary" | "standby" | "prefer-standby";

/** The servers that were named, in order; one of them is meant. */
export interface ServersTarget {
  readonly kind: "servers";
  readonly servers: readonly [ServerTarget, ...ServerTarget[]];
  /** null where nothing was said: what a command needs decides. */
  readonly sessionAttributes: SessionAttributes | null;
  /** Whether to try them, and the addresses of each, in random order. */
  readonly shuffled: boolean;
}

export interface EmbeddedTarget {
  readonly kind: "embedded";
  /** Where the data is kept; null for in memory. */
  readonly directory: string | null;
}

export type Target = ServersTarget | EmbeddedTarget;
