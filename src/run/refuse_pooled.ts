/** What a file without a transaction cannot have through a pooler, where each statement may meet another connection. */

import type { Database } from "../database/database.ts";
import { isPooled } from "../database/pooler.ts";
import type { Session } from "../database/session.ts";
import { type Failure, together } from "../errors/failure.ts";
import { pooledDirective, pooledSession } from "../errors/pooler.ts";
import { directiveIndex } from "../migration/directives.ts";
import { keptIndexes } from "../sql/kept_statements.ts";
import { placeInFile } from "../sql/sql_file.ts";
import type { CheckedFile } from "./check_files.ts";

/**
 * Refuses, before anything runs, what would stay in a pool for its next client and be missing behind it, and timeouts that
 * only a session could keep. Whether the pooler gives a connection for a session or for a transaction cannot be seen.
 *
 * @throws {Failure} with each line of each file
 */
export function refusePooled(
  files: readonly CheckedFile[],
  { database, session }: { readonly database: Database; readonly session: Session },
): void {
  if (database.kind === "embedded" || !isPooled(session)) return;
  const outside = files.filter(({ migration }) => migration.directives.noTransaction);
  const failure = together(outside.flatMap((file) => [...unkeptDirectives(file), ...leftInPool(file)]));
  if (failure !== null) throw failure;
}

function unkeptDirectives({ sql }: CheckedFile): readonly Failure[] {
  return ["lock-timeout", "statement-timeout"].flatMap((key) => {
    const index = directiveIndex(sql.text, key);
    return index === null ? [] : [pooledDirective(placeInFile(sql, index), key)];
  });
}

function leftInPool({ sql, statements }: CheckedFile): readonly Failure[] {
  const all = statements ?? [];
  return keptIndexes(all.map(({ effect }) => effect)).map((index) => all[index]!)
    .filter(({ effect }) =>
      effect.kind === "session" || effect.kind === "atomic" && effect.makesTemporary !== undefined
    )
    .map(({ start }) => pooledSession(placeInFile(sql, start)));
}
