/** What a server's catalogs hold of the things that some statements name, and of what depends on these. */

import type { Catalog } from "../catalog/catalog.ts";
import { namedIn } from "../sql/named_in.ts";
import type { Statement } from "../sql/parser.ts";
import { catalogOf } from "./catalog_of.ts";
import type { CatalogRows } from "./catalog_rows.ts";
import { catalogSql, RESOLUTION_SQL } from "./catalog_sql.ts";
import { ServerError, type Session } from "./session.ts";
import { type Sql, sql } from "./sql.ts";

/**
 * Reading a size or an expression opens a table, for which an ALTER TABLE of somebody else may be in the way. Those that
 * are seen to be are left alone; this is for one that comes just then.
 */
const LOCK_TIMEOUT = "200ms";
const ATTEMPTS = 5;

/** Whatever the role has: a database of many thousands of tables takes a while to read. */
const STATEMENT_TIMEOUT = "1min";

/** lock_not_available (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const LOCK_NOT_AVAILABLE = "55P03";

/** What is read at once: the catalog, and under which object ids the server has its relations. */
export interface ReadCatalog {
  readonly catalog: Catalog;
  /** `pg_class.oid` by qualified name. */
  readonly oids: ReadonlyMap<string, number>;
  /** The statements that would make the procedures among it, whose bodies say what a CALL runs. */
  readonly procedures: readonly Statement[];
}

/**
 * Reads what the statements name (relations, types, functions) and what these take along: indexes, sequences, partitions
 * and parents, tables on the other side of foreign keys, views. The rest of the database is left alone, so the catalog is
 * whole as far as these statements go. Nothing is locked but for a moment, and nothing is written; a standby will do.
 *
 * @param statements `all` for every relation that there is
 * @throws {ServerError} @throws {SessionLost}
 */
export async function readCatalog(session: Session, statements: readonly Statement[] | "all"): Promise<ReadCatalog> {
  const [first] = await session.query(RESOLUTION_SQL.text);
  const { search_path, time_zone } = JSON.parse(first!.resolution!) as Resolution;
  const named = namedIn(statements === "all" ? [] : statements);
  const select = catalogSql({ ...named, everything: named.everything || statements === "all" }, search_path);
  const rows = JSON.parse((await readOnly(session, select))!) as CatalogRows;
  const { catalog, oids, procedures } = await catalogOf(rows);
  catalog.searchPath = search_path.map((schema) => schema.startsWith("pg_temp_") ? "pg_temp" : schema);
  catalog.timeZoneIsUtc = UTC.test(time_zone);
  return { catalog, oids, procedures };
}

interface Resolution {
  readonly search_path: readonly string[];
  readonly time_zone: string;
}

/** Names of the time zone under which ALTER TYPE between timestamp and timestamptz rewrites nothing. */
const UTC = /^(etc\/)?(utc|uct|gmt|universal|zulu|greenwich|gmt[+-]?0)$/i;

/** Sends a query that gives one value, in a transaction that reads and that waits for nobody for long. */
async function readOnly(session: Session, select: Sql): Promise<string | null> {
  const text =
    sql`BEGIN READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL lock_timeout = ${LOCK_TIMEOUT};
    SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT}; SET LOCAL jit = off;
    ${select}; COMMIT`.text;
  for (let attempt = 1;; attempt++) {
    try {
      const [row] = await session.query(text);
      return Object.values(row!)[0] ?? null;
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      await session.query("ROLLBACK");
      if (error.server.sqlstate !== LOCK_NOT_AVAILABLE || attempt === ATTEMPTS) throw error;
    }
  }
}
