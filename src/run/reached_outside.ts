/** What a migration changes beside its own database: a copy of the database is no copy of that. */

import type { Snapshot } from "../database/snapshot.ts";
import type { Statement } from "../sql/parser.ts";

/** What a transaction has changed that belongs to the whole server, or to another one, in words. */
export function reachedOutside({ shared, relations, locks }: Snapshot): readonly string[] {
  const foreign = locks.flatMap(({ oid, mode }) => {
    const relation = relations.get(oid);
    return relation?.kind === "f" && mode === "RowExclusiveLock"
      ? [`foreign table ${relation.schema}.${relation.name}`]
      : [];
  });
  return [...shared.map((catalog) => `${catalog}, which all databases of the server share`), ...foreign];
}

/** Statements that run outside a transaction and that nothing takes back. */
const OUTSIDE: Readonly<Record<string, string>> = {
  CreatedbStmt: "CREATE DATABASE",
  DropdbStmt: "DROP DATABASE",
  AlterDatabaseStmt: "ALTER DATABASE",
  CreateTableSpaceStmt: "CREATE TABLESPACE",
  DropTableSpaceStmt: "DROP TABLESPACE",
  AlterSystemStmt: "ALTER SYSTEM",
  CreateSubscriptionStmt: "CREATE SUBSCRIPTION",
  AlterSubscriptionStmt: "ALTER SUBSCRIPTION",
  DropSubscriptionStmt: "DROP SUBSCRIPTION",
};

/** The name of a statement that changes what is outside its database; null for any other. */
export function reachesByItself({ kind }: Statement): string | null {
  return OUTSIDE[kind] ?? null;
}
