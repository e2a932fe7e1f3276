/** A server has refused the login. */

import { type Advice, adviceOn } from "./advice.ts";
import { Failure, type Fatal } from "./failure.ts";

const WRONG_PASSWORD = "Check user and password: in the URL, in PGPASSWORD, or in ~/.pgpass";
const WRONG_OPTIONS = "It comes from options (PGOPTIONS), where a setting is written -cNAME=VALUE";
const STARTING = "The server is starting or stopping. Wait for it with --wait 1min";

/** For the refusals that people meet most (PostgreSQL documentation, "PostgreSQL Error Codes"); the first that fits. */
const LOGIN_ADVICE: readonly Advice[] = [
  { sqlstate: "28P01", hint: WRONG_PASSWORD },
  {
    sqlstate: "28000",
    says: /(no encryption|SSL off)$/,
    hint:
      "The server's pg_hba.conf lets this user in only with TLS, or not at all from here. Try sslmode=require, or " +
      "have a line added for this user, database and address",
  },
  {
    sqlstate: "28000",
    says: /pg_hba\.conf/,
    hint: "Have a line added to the server's pg_hba.conf for this user, database and address",
  },
  {
    sqlstate: "28000",
    says: /^role .* does not exist$/,
    hint: "Create the role first (createuser NAME), or correct the name: in the URL, or in PGUSER",
  },
  {
    sqlstate: "28000",
    says: /not permitted to log in$/,
    hint: "Use another role, or let this one log in: ALTER ROLE NAME LOGIN",
  },
  {
    sqlstate: "28000",
    says: /^certificate authentication failed/,
    hint: "The client's certificate is for another name. Its common name has to be the user's, unless the server's " +
      "pg_ident.conf maps it",
  },
  {
    sqlstate: "28000",
    says: /certificate/i,
    hint:
      "The server lets this user in by a client certificate: name it with sslcert=FILE and its key with sslkey=FILE",
  },
  {
    sqlstate: "28000",
    says: /^(Peer|Ident) /i,
    hint: "The server lets this user in only from the system's user of that name. Run pgmigrate as that user, or " +
      "connect to a host name with a password",
  },
  { sqlstate: "28000", hint: "The server's pg_hba.conf or the role's rights do not let this user in from here" },
  {
    sqlstate: "3D000",
    hint: "pgmigrate does not create databases. Create it first (createdb NAME), or correct the name",
  },
  { sqlstate: "42501", hint: "Let the role in: GRANT CONNECT ON DATABASE NAME TO ROLE" },
  {
    sqlstate: "53300",
    says: /for (role|database) /,
    hint: "It has a CONNECTION LIMIT, and pgmigrate needs two connections. Raise it, or wait for them with --wait 1min",
  },
  {
    sqlstate: "53300",
    hint: "The server has no connection left. pgmigrate needs two. Try again, or wait for one with --wait 1min",
  },
  { sqlstate: "55000", hint: "Let people in again: ALTER DATABASE NAME ALLOW_CONNECTIONS true" },
  { sqlstate: "57P01", hint: STARTING },
  { sqlstate: "57P02", hint: STARTING },
  { sqlstate: "57P03", hint: STARTING },
  { sqlstate: "42704", hint: WRONG_OPTIONS },
  { sqlstate: "42601", hint: WRONG_OPTIONS },
  { sqlstate: "22023", hint: WRONG_OPTIONS },
  { sqlstate: "0A000", hint: "Is it a PostgreSQL 14 or newer?" },
  // So PgBouncer says everything.
  { sqlstate: "08P01", says: /password authentication failed|no such user/, hint: WRONG_PASSWORD },
  { sqlstate: "08P01", says: /^no such database/, hint: "The pooler does not know it. Add it to its [databases]" },
  {
    sqlstate: "08P01",
    says: /^unsupported startup parameter/,
    hint: "The pooler takes no options. Leave them out, or name them in its ignore_startup_parameters; a setting can " +
      "be the role's own: ALTER ROLE NAME SET …",
  },
  { sqlstate: "08P01", says: /^SSL required/, hint: "Write sslmode=require" },
  {
    sqlstate: "08P01",
    says: /query_wait_timeout|no more connections|max_client_conn/,
    hint: "The pooler has no connection left, or cannot reach its server. pgmigrate needs two at a time: give it a " +
      "pool_size of 2 or more, or wait for them with --wait 1min",
  },
  { sqlstate: "08P01", hint: "A pooler answers there. Its log may say more, and whether it can reach its server" },
];

/** The server answered, and would not let the connection in. @param hasPassword whether one was given */
export function loginRefused(
  server: string,
  fatal: Fatal,
  { hasPassword }: { readonly hasPassword: boolean },
): Failure {
  const { message, sqlstate, detail, hint } = fatal;
  const advice = adviceOn(fatal, LOGIN_ADVICE) ?? hint ?? "The server's log may say more";
  return new Failure("login-refused", 4, `${server} refused the connection: ${message}`, {
    sqlstate,
    ...detail === undefined ? {} : { detail },
    hint: advice === WRONG_PASSWORD && !hasPassword
      ? "No password was given. Set PGPASSWORD, put it into ~/.pgpass, or write it into the URL"
      : advice,
  });
}
