/** The environment variables that libpq reads, as settings. */

import type { Setting, Settings } from "./settings.ts";

/** Environment variables by name; undefined where not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** libpq's parameter for each of its variables (PostgreSQL documentation, "Environment Variables"). */
const VARIABLES: Readonly<Record<string, string>> = {
  PGAPPNAME: "application_name",
  PGCHANNELBINDING: "channel_binding",
  PGCONNECT_TIMEOUT: "connect_timeout",
  PGDATABASE: "dbname",
  PGGSSENCMODE: "gssencmode",
  PGHOST: "host",
  PGHOSTADDR: "hostaddr",
  PGLOADBALANCEHOSTS: "load_balance_hosts",
  PGOPTIONS: "options",
  PGPASSFILE: "passfile",
  PGPASSWORD: "password",
  PGPORT: "port",
  PGREQUIREAUTH: "require_auth",
  PGREQUIREPEER: "requirepeer",
  PGREQUIRESSL: "requiressl",
  PGSERVICE: "service",
  PGSSLCERT: "sslcert",
  PGSSLCERTMODE: "sslcertmode",
  PGSSLCRL: "sslcrl",
  PGSSLCRLDIR: "sslcrldir",
  PGSSLKEY: "sslkey",
  PGSSLMAXPROTOCOLVERSION: "ssl_max_protocol_version",
  PGSSLMINPROTOCOLVERSION: "ssl_min_protocol_version",
  PGSSLMODE: "sslmode",
  PGSSLNEGOTIATION: "sslnegotiation",
  PGSSLROOTCERT: "sslrootcert",
  PGSSLSNI: "sslsni",
  PGTARGETSESSIONATTRS: "target_session_attrs",
  PGUSER: "user",
};

/**
 * What the `PG*` variables set. An empty variable counts as not set. Left out are variables that change nothing here:
 * of GSSAPI and OAuth logins, which do not exist; and PGCLIENTENCODING, PGDATESTYLE, PGTZ and PGGEQO, which are for
 * people who look at results: what a migration does must not depend on who runs it. `service_file.ts` reads
 * PGSERVICEFILE and PGSYSCONFDIR.
 */
export function environmentSettings(env: Environment): Settings {
  const settings = new Map<string, Setting>();
  for (const [variable, name] of Object.entries(VARIABLES)) {
    const value = env[variable];
    if (value !== undefined && value !== "") settings.set(name, { value, origin: variable });
  }
  return settings;
}

/**
 * Whether the variables name a database. A host, a database or a service does. A user, a port or a password alone do
 * not: many machines have them set for good, and a deploy that forgot its DATABASE_URL must fail, not find the database
 * that happens to be on the same machine.
 */
export function namesDatabase(settings: Settings): boolean {
  return ["host", "hostaddr", "dbname", "service"].some((name) => settings.has(name));
}
