/** Which statements share a transaction, and so hold their locks together. */

import type { Statement } from "../sql/parser.ts";
import type { EarlierStatement, LintedFile } from "./rule.ts";

/** The statements before this one that are not committed yet when it runs. */
export function earlierInTransaction({ directives, earlier }: LintedFile): readonly EarlierStatement[] {
  if (!directives.noTransaction) return earlier;
  const last = earlier.findLastIndex(({ statement }) => opensBlock(statement) || endsBlock(statement));
  return last !== -1 && opensBlock(earlier[last]!.statement) ? earlier.slice(last + 1) : [];
}

/**
 * What the statements before one come to that share its transaction. Each is looked at once, however many come after it: a
 * file may have as many as it has rows of data.
 *
 * @param start what no statement comes to
 * @param add takes one more in
 */
export function overTransaction<T>(
  start: () => T,
  add: (state: T, earlier: EarlierStatement) => void,
): (file: LintedFile) => T {
  const known = new WeakMap<LintedFile, { seen: number; isOpen: boolean; state: T }>();
  return (file) => {
    const { directives, earlier } = file;
    const so = known.get(file) ?? { seen: 0, isOpen: !directives.noTransaction, state: start() };
    known.set(file, so);
    for (; so.seen < earlier.length; so.seen++) {
      const one = earlier[so.seen]!;
      const opens = directives.noTransaction && opensBlock(one.statement);
      if (opens || (directives.noTransaction && endsBlock(one.statement))) {
        so.isOpen = opens;
        so.state = start();
      } else if (so.isOpen) add(so.state, one);
    }
    return so.state;
  };
}

/** Whether this statement runs in a transaction block: pgmigrate's, or one of the file's own. */
export function runsInTransaction({ directives, earlier }: LintedFile): boolean {
  if (!directives.noTransaction) return true;
  const last = earlier.findLast(({ statement }) => opensBlock(statement) || endsBlock(statement));
  return last !== undefined && opensBlock(last.statement);
}

function opensBlock({ kind, node }: Statement): boolean {
  if (kind !== "TransactionStmt") return false;
  return node.kind === "TRANS_STMT_BEGIN" || node.kind === "TRANS_STMT_START" || node.chain === true;
}

function endsBlock({ kind, node }: Statement): boolean {
  return kind === "TransactionStmt" && node.chain !== true &&
    (node.kind === "TRANS_STMT_COMMIT" || node.kind === "TRANS_STMT_ROLLBACK");
}
