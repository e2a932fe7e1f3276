/** What a migration changes beside its own database: a copy of the database is no copy of that. */

import { dotted } from "../sql/identifiers.ts";
import { reachesBeyondDatabase } from "../sql/beyond_database.ts";
import type { Snapshot } from "../database/snapshot.ts";
import { needsNoTransaction } from "../sql/outside_transaction.ts";
import type { Statement } from "../sql/parser.ts";

/** What a transaction has changed that belongs to the whole server, or to another one, in words. */
export function reachedOutside({ shared, relations, locks }: Snapshot): readonly string[] {
  const foreign = locks.flatMap(({ oid, mode }) => {
    const relation = relations.get(oid);
    const isWritten = relation?.kind === "f" && mode === "RowExclusiveLock";
    return isWritten ? [`foreign table ${dotted([relation.schema, relation.name])}`] : [];
  });
  return [...shared.map((catalog) => `${catalog}, which all databases of the server share`), ...foreign];
}

/** The name of a statement that no transaction takes back and that changes what is outside its database; else null. */
export function reachesAtOnce(statement: Statement): string | null {
  const name = needsNoTransaction(statement);
  if (name === null) return null;
  const isSubscription = statement.kind.endsWith("SubscriptionStmt");
  return isSubscription ? name : reachesBeyondDatabase(statement);
}
