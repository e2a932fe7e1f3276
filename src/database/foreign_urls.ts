/** What people paste that is meant for other programs, and what to write instead. */

import { invalidDatabaseUrl } from "../errors/database_url.ts";
import type { Failure } from "../errors/failure.ts";

/**
 * Recognises a URL that is not for PostgreSQL, or PostgreSQL's in the spelling of another program.
 *
 * @returns the failure, which shows no more of the text than a scheme that is well known
 */
export function foreignScheme(text: string): Failure | undefined {
  const scheme = /^([a-z0-9]+)(\+[a-z0-9]+)?:/i.exec(text);
  const name = scheme?.[1]?.toLowerCase() ?? "";
  if (/^["'`]/.test(text)) {
    return invalidDatabaseUrl("it begins with a quote", "Take the quotes away: they became part of the value.");
  }
  if (name === "postgres" || name === "postgresql") {
    return scheme?.[2] === undefined
      ? invalidDatabaseUrl("// is missing after its scheme")
      : invalidDatabaseUrl("its scheme names a driver", "Write postgresql:// and drop the + and what follows it.");
  }
  if (name === "jdbc") {
    return invalidDatabaseUrl(
      "it is for JDBC",
      "Drop jdbc: and write user and password before the host: postgresql://user:password@host:5432/database.",
    );
  }
  if (name === "sqlite" || name === "sqlite3" || name === "file" || name === "pglite") {
    return invalidDatabaseUrl(
      `${name}: is not a PostgreSQL server`,
      "For a database without a server write embedded: (in memory) or embedded:DIR: a real PostgreSQL.",
    );
  }
  if (OTHER_DATABASES.has(name)) {
    return invalidDatabaseUrl(`${name}: is not PostgreSQL`, "pgmigrate works on PostgreSQL only: postgres://…");
  }
  return undefined;
}

const OTHER_DATABASES: ReadonlySet<string> = new Set([
  "clickhouse",
  "cockroach",
  "cockroachdb",
  "http",
  "https",
  "libsql",
  "mariadb",
  "mongodb",
  "mssql",
  "mysql",
  "mysql2",
  "oracle",
  "redis",
  "snowflake",
  "sqlserver",
]);

/** What to do about a parameter that libpq does not have either, for those that other programs use. */
export function foreignHint(name: string): string {
  switch (name.toLowerCase()) {
    case "schema":
    case "search_path":
    case "currentschema":
      return "Write options=-csearch_path%3DSCHEMA, or choose where the tracker is with --table SCHEMA.schema_migrations.";
    case "x-migrations-table":
      return "Take it out, and use --table.";
    case "statement_timeout":
    case "lock_timeout":
      return `Take it out, and use --${name.toLowerCase().replace("_", "-")}.`;
    case "ssl":
    case "sslaccept":
    case "tls":
      return "Write sslmode=disable, require or verify-full.";
    case "timezone":
      return "Write options=-cTimeZone%3DUTC.";
    case "pgbouncer":
    case "connection_limit":
    case "pool_timeout":
    case "statement_cache_mode":
    case "prepare":
      return "Take it out: pgmigrate works through a pooler as it is.";
    default:
      return "Take it out, or correct its spelling. A setting of the server is written options=-cNAME%3DVALUE.";
  }
}
