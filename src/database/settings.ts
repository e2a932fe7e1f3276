/** What the user set for a connection, whatever the way: parameters by the names that libpq gives them. */

/** One value, and where it came from: `sslmode in the database URL`, or `PGSSLMODE`. */
export interface Setting {
  readonly value: string;
  readonly origin: string;
}

/** By libpq's parameter name. */
export type Settings = ReadonlyMap<string, Setting>;

/** What stands behind a parameter that pgmigrate takes only in part, or not at all. */
export interface Limit {
  /** Values that ask for nothing that pgmigrate does not do anyway. */
  readonly accepted: readonly string[];
  /** Why other values are refused: the end of the sentence "x is not supported: …". */
  readonly reason: string;
  readonly hint: string;
}

const REMOVE = "Take it out.";

/** Parameters that are honoured in full. */
const HONOURED = [
  "application_name",
  "connect_timeout",
  "dbname",
  "fallback_application_name",
  "host",
  "hostaddr",
  "load_balance_hosts",
  "options",
  "passfile",
  "password",
  "port",
  "requiressl",
  "service",
  "servicefile",
  "sslcert",
  "sslkey",
  "sslmode",
  "sslnegotiation",
  "sslrootcert",
  "target_session_attrs",
  "user",
] as const;

/** A parameter that pgmigrate honours. */
export type HonouredParameter = typeof HONOURED[number];

/**
 * Every other parameter of libpq 18 (PostgreSQL documentation, "Parameter Key Words"). Ignoring one could weaken what
 * the user asked for, or reach another server, so each is refused but for the values listed.
 */
const LIMITS: Readonly<Record<string, Limit>> = {
  channel_binding: {
    accepted: ["prefer", "disable"],
    reason: "the runtime does not give the certificate's hash to the login",
    hint: "Write channel_binding=prefer, with sslmode=verify-full, which rules out a server in between as well.",
  },
  client_encoding: {
    accepted: ["utf8", "utf-8", "unicode", "auto"],
    reason: "migrations are UTF-8, and are sent so",
    hint: REMOVE,
  },
  gssdelegation: { accepted: ["0"], reason: "there is no GSSAPI login", hint: REMOVE },
  gssencmode: {
    accepted: ["disable", "prefer"],
    reason: "there is no GSSAPI encryption",
    hint: "Write gssencmode=disable, and encrypt with TLS: sslmode=verify-full.",
  },
  gsslib: { accepted: [], reason: "there is no GSSAPI login", hint: REMOVE },
  keepalives: { accepted: ["1"], reason: "TCP keepalives are always on", hint: REMOVE },
  keepalives_count: { accepted: [], reason: "the system's own setting applies", hint: REMOVE },
  keepalives_idle: { accepted: [], reason: "the system's own setting applies", hint: REMOVE },
  keepalives_interval: { accepted: [], reason: "the system's own setting applies", hint: REMOVE },
  krbsrvname: { accepted: [], reason: "there is no GSSAPI login", hint: REMOVE },
  max_protocol_version: { accepted: ["3.0", "3.2", "latest"], reason: "the protocol is 3.0", hint: REMOVE },
  min_protocol_version: { accepted: ["3.0"], reason: "the protocol is 3.0", hint: REMOVE },
  oauth_client_id: { accepted: [], reason: "there is no OAuth login", hint: REMOVE },
  oauth_client_secret: { accepted: [], reason: "there is no OAuth login", hint: REMOVE },
  oauth_issuer: { accepted: [], reason: "there is no OAuth login", hint: REMOVE },
  oauth_scope: { accepted: [], reason: "there is no OAuth login", hint: REMOVE },
  replication: {
    accepted: ["false", "off", "no", "0"],
    reason: "migrations need an ordinary connection",
    hint: REMOVE,
  },
  require_auth: {
    accepted: [],
    reason: "the kind of login is for the server to choose",
    hint: "Take it out, and use sslmode=verify-full, so that no other server can ask for the password.",
  },
  requirepeer: {
    accepted: [],
    reason: "the runtime does not tell who owns a socket",
    hint: "Take it out, and keep the socket in a directory that only the server's user can write to.",
  },
  scram_client_key: { accepted: [], reason: "logins need the password", hint: REMOVE },
  scram_server_key: { accepted: [], reason: "logins need the password", hint: REMOVE },
  ssl_max_protocol_version: {
    accepted: ["tlsv1.3"],
    reason: "the runtime takes the highest version that both sides have",
    hint: REMOVE,
  },
  ssl_min_protocol_version: {
    accepted: ["tlsv1", "tlsv1.1", "tlsv1.2"],
    reason: "the runtime takes TLS 1.2 and newer",
    hint: "Write TLSv1.2, or set ssl_min_protocol_version on the server.",
  },
  sslcertmode: {
    accepted: ["allow", "disable"],
    reason: "the runtime does not tell whether the server has asked for a certificate",
    hint: "Write sslcertmode=allow, and clientcert=verify-ca in the server's pg_hba.conf.",
  },
  sslcompression: { accepted: ["0", "1"], reason: "TLS has no compression any more", hint: REMOVE },
  sslcrl: { accepted: [], reason: "the runtime reads no revocation lists", hint: REMOVE },
  sslcrldir: { accepted: [], reason: "the runtime reads no revocation lists", hint: REMOVE },
  sslkeylogfile: { accepted: [], reason: "session keys are never written", hint: REMOVE },
  sslpassword: {
    accepted: [],
    reason: "the runtime reads no encrypted keys",
    hint: "Give a key without a password: openssl pkey -in encrypted.key -out client.key",
  },
  sslsni: { accepted: ["1"], reason: "the host name is always sent", hint: REMOVE },
  tcp_user_timeout: { accepted: [], reason: "the system's own setting applies", hint: REMOVE },
};

/** Whether a parameter is honoured. */
export function isHonoured(name: string): name is HonouredParameter {
  return (HONOURED as readonly string[]).includes(name);
}

/** What is accepted of a parameter that libpq has and pgmigrate has only in part; undefined for any other name. */
export function limitOf(name: string): Limit | undefined {
  return Object.hasOwn(LIMITS, name) ? LIMITS[name] : undefined;
}
