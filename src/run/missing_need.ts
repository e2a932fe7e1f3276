/** What a migration needs of its server that the embedded PostgreSQL has not. Its messages are English ones. */

import type { FailureDetails } from "../errors/failure.ts";

interface Rule {
  readonly sqlstate: string;
  /** What the message says, or its DETAIL; its groups go into the words. */
  readonly says: RegExp;
  /** `$1` is the first group. */
  readonly need: string;
}

const EXTENSION = /^extension "(.+)" (?:is not available|has no)/;

const NO_ROLE = /^role "(.+)" does not exist$/;

/** Measured on the embedded PostgreSQL 18; the codes are those of the manual's appendix "PostgreSQL Error Codes". */
const RULES: readonly Rule[] = [
  { sqlstate: "0A000", says: /^extension "(.+)" is not available$/, need: "the extension $1" },
  {
    sqlstate: "22023",
    says: /^extension "(.+)" has no (?:installation script nor )?update path (?:.* to|for) version "(.+)"$/,
    need: "version $2 of the extension $1",
  },
  { sqlstate: "42704", says: NO_ROLE, need: "the role $1" },
  // SET ROLE and SET SESSION AUTHORIZATION.
  { sqlstate: "22023", says: NO_ROLE, need: "the role $1" },
  { sqlstate: "3D000", says: /^database "(.+)" does not exist$/, need: "the database $1" },
  { sqlstate: "42704", says: /^tablespace "(.+)" does not exist$/, need: "the tablespace $1" },
  { sqlstate: "22023", says: /^Tablespace "(.+)" does not exist\.$/, need: "the tablespace $1" },
  { sqlstate: "58P01", says: /^directory "(.+)" does not exist$/, need: "the directory $1" },
  { sqlstate: "42704", says: /^language "(.+)" does not exist$/, need: "the language $1" },
  { sqlstate: "42704", says: /^collation "(.+?)" (?:for encoding ".+" )?does not exist$/, need: "the collation $1" },
  { sqlstate: "42704", says: /^access method "(.+)" does not exist$/, need: "the access method $1" },
  { sqlstate: "42704", says: /^foreign-data wrapper "(.+)" does not exist$/, need: "the foreign-data wrapper $1" },
  { sqlstate: "42704", says: /^unrecognized configuration parameter "(.+)"$/, need: "the setting $1" },
  {
    sqlstate: "55000",
    says: /^(\S+) must be loaded via "?shared_preload_libraries"?/,
    need: "the setting shared_preload_libraries = $1",
  },
  { sqlstate: "55000", says: /requires "?wal_level"? >= "?(\w+)"?/, need: "the setting wal_level = $1" },
  {
    sqlstate: "58P01",
    says: /^could not (?:access file|load library) "(?:.*\/)?(.+?)(?:\.so)?"/,
    need: "the library $1",
  },
  { sqlstate: "XX000", says: /^incompatible library "(?:.*\/)?(.+?)(?:\.so)?"/, need: "the library $1" },
  { sqlstate: "58P01", says: /^could not open (?:server )?file "(.+)"/, need: "the file $1" },
  { sqlstate: "F0000", says: /^could not open .*file "(?:.*\/)?(.+?)"/, need: "the file $1" },
  { sqlstate: "0A000", says: /requires the server to be built with (.+) support/, need: "support for $1" },
  {
    sqlstate: "22023",
    says: /^invalid value for parameter "default_toast_compression": "(.+)"$/,
    need: "support for $1",
  },
  { sqlstate: "22023", says: /^security label provider "(.+)" is not loaded$/, need: "the security label provider $1" },
  { sqlstate: "22023", says: /^no security label providers have been loaded$/, need: "a security label provider" },
];

/** The extension that is missing, or is there in another version; null where it is anything else, or nothing. */
export function missingExtension(message: string, { sqlstate }: Pick<FailureDetails, "sqlstate">): string | null {
  return sqlstate === "0A000" || sqlstate === "22023" ? EXTENSION.exec(message)?.[1] ?? null : null;
}

/** The role that is missing; null where it is anything else, or nothing. */
export function missingRole(message: string, { sqlstate }: Pick<FailureDetails, "sqlstate">): string | null {
  return sqlstate === "42704" || sqlstate === "22023" ? NO_ROLE.exec(message)?.[1] ?? null : null;
}

/**
 * Names what is missing, as `the extension postgis`.
 *
 * @param message of the server
 * @returns null where the migration itself is at fault, as far as can be told
 */
export function missingNeed(
  message: string,
  { sqlstate, detail }: Pick<FailureDetails, "sqlstate" | "detail">,
): string | null {
  for (const rule of RULES) {
    if (rule.sqlstate !== sqlstate) continue;
    const found = rule.says.exec(message) ?? rule.says.exec(detail ?? "");
    if (found !== null) return rule.need.replace(/\$(\d)/g, (_, group: string) => found[Number(group)] ?? "");
  }
  return null;
}
