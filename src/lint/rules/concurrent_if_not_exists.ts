import { resolveRelation } from "../../catalog/resolve.ts";
import { identifier } from "../../sql/identifiers.ts";
import { builtAnew } from "../built_anew.ts";
import { isInUse } from "../in_use.ts";
import { isThereAlready } from "../index_statement.ts";
import type { Rule } from "../rule.ts";
import { writeSafeForm } from "../safe_form.ts";
import { runsInTransaction } from "../same_transaction.ts";

export const concurrentIfNotExists: Rule = {
  id: "concurrent-if-not-exists",
  severity: "warning",
  fires: "CREATE INDEX CONCURRENTLY IF NOT EXISTS",
  why:
    "A CREATE INDEX CONCURRENTLY that fails leaves its index behind, marked INVALID: no query uses it, and every write " +
    "keeps it up to date. IF NOT EXISTS looks at the name alone, so that the second try finds that index, does nothing and " +
    "reports success. Run by pgmigrate, the migration then fails, for it looks whether the index is valid.",
  instead: "Drop what an earlier try may have left, and create the index without IF NOT EXISTS.",
  source: "https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint);"],
    bad: "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS posts_user_id_idx ON posts (user_id);",
    good: [
      `-- pgmigrate: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS posts_user_id_idx;
CREATE INDEX CONCURRENTLY posts_user_id_idx ON posts (user_id);`,
    ],
  }],
  check: ({ statement, catalog }, file) => {
    if (statement.kind !== "IndexStmt" || !statement.node.concurrent || !statement.node.if_not_exists) return [];
    const { relation, idxname = "" } = statement.node;
    const table = resolveRelation(catalog, relation ?? {});
    if (!isInUse(table, file) || isThereAlready(statement.node, table, catalog)) return [];
    const sql = builtAnew(statement);
    const inside = runsInTransaction(file);
    return [{
      message:
        `If an earlier try failed, an INVALID index ${identifier(idxname)} is there: this statement leaves it as it ` +
        "is and reports success.",
      safeForm: inside
        ? writeSafeForm([{ title: `create index ${idxname}`, sql: `${sql};`, noTransaction: true }])
        : `${sql};`,
      // In a transaction, the statement has a worse problem, which another rule mends.
      fix: inside ? null : { statement: sql, noTransaction: false, next: [] },
    }];
  },
};
