/** The options that every command takes. */

import { choice, flag, type Option, type Values } from "./option.ts";
import { parseTableName } from "./table_name.ts";
import type { TableName } from "../run/options.ts";

const text = (value: string) => value;

const databaseUrl: Option<string | null> = {
  short: "d",
  placeholder: "URL",
  help: "the database: postgres://…, embedded: or embedded:DIR [DATABASE_URL, else PGHOST, PGDATABASE, …]",
  parse: text,
  fallback: null,
};

const migrations: Option<string> = {
  short: "m",
  placeholder: "DIR",
  environment: "PGMIGRATE_MIGRATIONS",
  help: "the directory of the migrations [PGMIGRATE_MIGRATIONS, else migrations]",
  parse: text,
  fallback: "migrations",
};

const table: Option<TableName> = {
  placeholder: "[SCHEMA.]NAME",
  environment: "PGMIGRATE_TABLE",
  help: "the table that records what was applied [PGMIGRATE_TABLE, else schema_migrations]",
  parse: parseTableName,
  fallback: { schema: null, name: "schema_migrations" },
};

const envFile: Option<string | null> = {
  placeholder: "FILE",
  help: "read environment variables from FILE; those that are set already win",
  parse: text,
  fallback: null,
};

export const GLOBAL_OPTIONS = {
  "database-url": databaseUrl,
  migrations,
  table,
  format: choice(["human", "json", "github", "sarif"], {
    environment: "PGMIGRATE_FORMAT",
    help: "how to write the output; sarif for lint and check [PGMIGRATE_FORMAT, else human]",
  }),
  json: flag("short for --format json"),
  "env-file": envFile,
  color: choice(["auto", "always", "never"], { help: "[NO_COLOR, FORCE_COLOR, else auto: on a terminal]" }),
  quiet: flag("only errors and the answer", "q"),
  verbose: flag("more detail", "v"),
  help: flag("this help", "h"),
  version: flag("the version of pgmigrate"),
};

export type GlobalValues = Values<typeof GLOBAL_OPTIONS>;
