/** COPY. */

import type { CopyStmt } from "libpg-query";
import { resolveRelation } from "../catalog/resolve.ts";
import type { Scope } from "./effects.ts";
import { queriesIn } from "./queries.ts";
import { noteWrite } from "./query_writes.ts";
import { hasRows } from "./relatives.ts";
import { listedParts } from "../sql/identifiers.ts";

export function copy(scope: Scope, { relation: name, query, is_from: isFrom, attlist }: CopyStmt): void {
  if (query !== undefined) return queriesIn(scope, query);
  const relation = name === undefined ? null : resolveRelation(scope.catalog, name);
  if (relation === null) return;
  if (isFrom) {
    const columns = attlist === undefined ? null : listedParts(attlist);
    return noteWrite(scope, { relation, only: false, kind: "insert", columns, where: null, isAlone: true });
  }
  // COPY TO takes the table alone, without what inherits from it.
  scope.effects.lock(relation, "AccessShareLock");
  if (hasRows(relation)) scope.effects.scan(relation, "every row is copied out");
}
