/** The tracker cannot be had, trusted, read or written. */

import { Failure, type Fatal } from "./failure.ts";

/** What a role needs of the tracker, which another one may own. */
const TRACKER_RIGHTS = "The role needs USAGE on the tracker's schema, and SELECT on schema_migrations and " +
  "schema_migrations_unfinished to read them; to apply migrations and to record checksums, INSERT, UPDATE and DELETE " +
  "too. Their owner grants it: GRANT SELECT ON schema_migrations, schema_migrations_unfinished TO ROLE";

/** The server refused a query of pgmigrate's own. */
export function queryRefused({ message, sqlstate, detail, hint }: Fatal): Failure {
  const missing = sqlstate === "42501" ? TRACKER_RIGHTS : hint;
  return new Failure("query-refused", 1, `The server refused a query of pgmigrate's own: ${message}`, {
    sqlstate,
    ...detail === undefined ? {} : { detail },
    ...missing === undefined ? {} : { hint: missing },
  });
}

/** @param blockers who is in the way, each in words; none where they have ended meanwhile */
export function trackerLocked(tracker: string, { message, sqlstate }: Fatal, blockers: readonly string[]): Failure {
  return new Failure("lock-timeout", 5, `The tracker ${tracker} is locked by another transaction: ${message}`, {
    sqlstate,
    items: blockers.length === 0 ? ["who was in the way was not seen"] : blockers,
    hint: "Try again when it has ended. If its client is dead, ending its backend frees the tracker: " +
      "SELECT pg_terminate_backend(PID)",
  });
}

export function noSchema(): Failure {
  return new Failure("no-schema", 2, "No schema of the connection's search_path exists, so the tracker has no place", {
    hint: "Name the schema: --table SCHEMA.schema_migrations",
  });
}

export function schemaMissing(schema: string): Failure {
  return new Failure("schema-missing", 2, `The schema ${schema} of the tracker does not exist`, {
    hint: "Create it first: pgmigrate creates tables, not schemas",
  });
}

export function tableNameTooLong(table: string, maxBytes: number): Failure {
  return new Failure("table-name-too-long", 2, `The tracker's name ${table} is longer than ${maxBytes} bytes`, {
    hint: "PostgreSQL cuts names off at 63 bytes, and pgmigrate keeps a second table whose name is 11 bytes longer",
  });
}

export function foreignTracker(table: string, problem: string, tool: string | null): Failure {
  const owner = tool === null ? "" : `; it looks like a table of ${tool}`;
  return new Failure("foreign-tracker", 2, `${table} is not a table of pgmigrate's: ${problem}${owner}`, {
    hint: "Keep the tracker in another table: --table pgmigrate_migrations",
  });
}

/** Row-level security would leave rows out, and a migration whose row cannot be seen would run again. */
export function rowsHidden(table: string, role: string): Failure {
  return new Failure("rows-hidden", 2, `Row-level security may hide rows of ${table} from ${role}`, {
    hint:
      "A migration whose row is hidden would run again. Take the policies off the table, or let the role see all of " +
      "it: make it the owner, or grant it BYPASSRLS",
  });
}

/** Triggers, defaults and checks of a table run as the role that writes to it, with all that this role may do. */
export function trackerNotTrusted(table: string, { owner, writer }: { owner: string; writer: string }): Failure {
  return new Failure("tracker-not-trusted", 2, `${table} belongs to ${owner}, who could run code as ${writer}`, {
    hint: `The owner of a table decides what runs when ${writer} writes to it. If ${owner} did not make it for ` +
      `pgmigrate, find out who put it there. Give it to ${writer} or to the owner of the database with ALTER TABLE … ` +
      "OWNER TO, or keep the tracker elsewhere with --table SCHEMA.NAME",
  });
}

export function trackerNotAllowed(
  table: string,
  { message, sqlstate, statements }: {
    readonly message: string;
    readonly sqlstate: string;
    readonly statements: readonly string[];
  },
): Failure {
  return new Failure("tracker-not-allowed", 1, `Cannot make the tracker ${table}: ${message}`, {
    sqlstate,
    hint:
      "Let the role do it, name another table with --table SCHEMA.NAME, or have a DBA run this. The role then needs " +
      "SELECT, INSERT, UPDATE and DELETE on both tables:",
    sql: statements.map((statement) => `${statement};`),
    state: "Nothing was applied.",
  });
}

/** Another tracker of the same name is in reach, and the first schema has none: the schema came later, or it is new. */
export function trackerElsewhere(first: string, others: readonly string[], table: string): Failure {
  return new Failure(
    "tracker-elsewhere",
    2,
    `There is no ${table} in schema ${first}, but in ${others.join(" and ")}`,
    {
      hint: `The first schema of the search_path is ${first}. Say which is meant: --table ${others[0]}.${table}, or ` +
        `--table ${first}.${table} for a tracker of its own.`,
    },
  );
}
