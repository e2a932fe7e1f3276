/** CREATE INDEX CONCURRENTLY without IF NOT EXISTS, behind what an earlier try may have left. */

import { dotted } from "../sql/identifiers.ts";
import type { CreateIndex } from "./index_statement.ts";
import { type Edit, keyword, ownTokens, withEdits } from "./text_edits.ts";

/**
 * The statement, after more edits, without IF NOT EXISTS, and before it the DROP of an invalid index of its name. A
 * statement that has no IF NOT EXISTS stays alone.
 *
 * @param schema as SQL has it, where it does not stand in the statement
 */
export function builtAnew(
  statement: CreateIndex,
  { edits = [], schema = statement.node.relation?.schemaname }: {
    readonly edits?: readonly Edit[];
    readonly schema?: string | undefined;
  } = {},
): string {
  const words = statement.node.if_not_exists ? keyword(statement, ["if"]) : null;
  const exists = words === null ? undefined : ownTokens(statement, words.start)[2];
  if (words === null || exists === undefined) return withEdits(statement, edits);
  const create = withEdits(statement, [...edits, { start: words.start - 1, end: exists.end, text: "" }]);
  // An index is in the schema of its table.
  return `DROP INDEX CONCURRENTLY IF EXISTS ${dotted([schema, statement.node.idxname])};\n${create}`;
}
