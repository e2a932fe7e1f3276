/** Whether a statement may run behind all migrations that there are, as one does that --fix takes out of its file. */

import type { ParsedMigration } from "../lint/lint.ts";
import type { Statement } from "../sql/parser.ts";

/**
 * Whether a later migration needs what the statement does, or takes away what the statement needs: it names the index
 * that is made, or drops, renames or moves something that the statement names.
 */
export function isTooLateBehind(
  later: readonly ParsedMigration[],
  { statement, sql }: {
    readonly statement: Statement;
    /** What of it runs behind them. */
    readonly sql: readonly string[];
  },
): boolean {
  const made = statement.kind === "IndexStmt" ? statement.node.idxname?.toLowerCase() : undefined;
  const words = new Set(sql.flatMap(wordsOf));
  return later.some(({ statements }) =>
    statements.some((other) => {
      const text = other.text.toLowerCase();
      return (made !== undefined && text.includes(made)) ||
        (takesAway(other) && wordsOf(text).some((word) => words.has(word)));
    })
  );
}

/** Whether a later migration makes an index that the statement drops: dropped behind that, it would be gone for good. */
export function isMadeAgain(later: readonly ParsedMigration[], { kind, text }: Statement): boolean {
  if (kind !== "DropStmt") return false;
  const words = new Set(wordsOf(text));
  return later.some(({ statements }) =>
    statements.some((other) => other.kind === "IndexStmt" && words.has((other.node.idxname ?? "").toLowerCase()))
  );
}

const TAKE_AWAY: ReadonlySet<string> = new Set(["DropStmt", "RenameStmt", "AlterObjectSchemaStmt"]);

function takesAway({ kind, node }: Statement): boolean {
  if (TAKE_AWAY.has(kind)) return true;
  return kind === "AlterTableStmt" &&
    (node.cmds ?? []).some((command) =>
      "AlterTableCmd" in command && /^AT_(Drop|AlterColumnType)/.test(command.AlterTableCmd.subtype ?? "")
    );
}

/** Words of SQL itself are in most statements, and say nothing. */
const KEYWORDS: ReadonlySet<string> = new Set(
  `add all alter and cascade check column concurrently constraint create default drop exists foreign from if in index is key
  match materialized not null on only or primary public references refresh rename restrict schema set table to type unique
  update using validate view where with`.split(/\s+/),
);

function wordsOf(text: string): readonly string[] {
  return (text.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? []).filter((word) => !KEYWORDS.has(word));
}
