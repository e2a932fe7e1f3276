import { resolveRelation } from "../../catalog/resolve.ts";
import { relationName } from "../../sql/identifiers.ts";
import { alterTableActions } from "../alter_table_actions.ts";
import { isInUse } from "../in_use.ts";
import { defaultPartition } from "../partition_steps.ts";
import { partitionedIndexForm } from "../partitioned_index.ts";
import type { LintedFile, LintedStatement, Problem, Rule } from "../rule.ts";
import { shownName } from "../shown_name.ts";
import { keyword, withEdits } from "../text_edits.ts";
import { hasKey, withKey } from "../view_key.ts";
import type { Statement } from "../../sql/parser.ts";

export const concurrentlyRefused: Rule = {
  id: "concurrently-refused",
  severity: "error",
  fires: "CONCURRENTLY where the server never takes it",
  why:
    "The server refuses CREATE INDEX CONCURRENTLY on a partitioned table (0A000), DETACH PARTITION … CONCURRENTLY where " +
    "there is a default partition (55000), and REFRESH MATERIALIZED VIEW CONCURRENTLY of a view without a unique index on " +
    "columns alone and without a WHERE (55000), or of one that was never filled (0A000). The migration fails, in whatever " +
    "file it stands.",
  instead:
    "Make the index on the partitioned table ONLY, build one on each partition CONCURRENTLY, and attach these. Detach the " +
    "default partition first, or leave CONCURRENTLY out and use a short lock_timeout. Give the view a unique index before " +
    "it is refreshed, and fill it once without CONCURRENTLY.",
  source: "https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
  examples: [
    {
      before: [
        `CREATE TABLE events (at timestamptz NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');`,
      ],
      bad: "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY events_kind_idx ON events (kind);",
      badFails: "0A000",
      good: [
        "CREATE INDEX events_kind_idx ON ONLY events (kind);",
        "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY events_2026_kind_idx ON events_2026 (kind);",
        "ALTER INDEX events_kind_idx ATTACH PARTITION events_2026_kind_idx;",
      ],
    },
    {
      before: [
        `CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint);
CREATE MATERIALIZED VIEW post_counts AS SELECT user_id, count(*) AS posts FROM posts GROUP BY user_id;`,
      ],
      bad: "REFRESH MATERIALIZED VIEW CONCURRENTLY post_counts;",
      badFails: "55000",
      good: [
        "-- pgmigrate: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY post_counts_user_id_idx ON post_counts (user_id);",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY post_counts;",
      ],
    },
  ],
  check: (linted, file) => {
    const problem = refusedIndex(linted, file) ?? refusedDetach(linted) ?? refusedRefresh(linted);
    return problem === null ? [] : [{ ...problem, fix: null }];
  },
};

type Refused = Pick<Problem, "message" | "safeForm">;

function refusedIndex({ statement, catalog }: LintedStatement, file: LintedFile): Refused | null {
  if (statement.kind !== "IndexStmt" || !statement.node.concurrent || statement.node.relation === undefined) {
    return null;
  }
  const table = resolveRelation(catalog, statement.node.relation);
  if (table?.kind !== "partitioned-table") return null;
  // ON ONLY is instant, and for a table of this file nobody waits.
  const isPlain = statement.node.relation.inh !== true || !isInUse(table, file);
  return {
    message: `The server refuses CREATE INDEX CONCURRENTLY on ${shownName(table)}, a partitioned table (0A000).`,
    safeForm: isPlain ? plain(statement) : partitionedIndexForm(statement, { table, catalog }),
  };
}

function refusedDetach({ statement, catalog }: LintedStatement): Refused | null {
  if (statement.kind !== "AlterTableStmt" || statement.node.relation === undefined) return null;
  const [{ command } = { command: undefined }] = alterTableActions(statement);
  const detached = command?.def !== undefined && "PartitionCmd" in command.def ? command.def.PartitionCmd : undefined;
  if (command?.subtype !== "AT_DetachPartition" || !detached?.concurrent) return null;
  const parent = resolveRelation(catalog, statement.node.relation);
  const other = parent === null ? null : defaultPartition(parent, catalog);
  if (other === null) return null;
  return {
    message:
      `The server refuses CONCURRENTLY while ${relationName(statement.node.relation)} has a default partition, ` +
      `${shownName(other)} (55000).`,
    safeForm: null,
  };
}

function refusedRefresh({ statement, catalog }: LintedStatement): Refused | null {
  if (statement.kind !== "RefreshMatViewStmt" || !statement.node.concurrent) return null;
  const view = resolveRelation(catalog, statement.node.relation ?? {}, { expected: "materialized-view" });
  if (view === null || !view.known) return null;
  const shown = relationName(statement.node.relation!);
  if (view.populated === false) {
    return {
      message:
        `The server refuses CONCURRENTLY while ${shown} has never been filled (0A000): nobody can read it yet, so ` +
        "nobody waits.",
      safeForm: plain(statement),
    };
  }
  if (hasKey(view, catalog)) return null;
  return {
    message: `The server refuses CONCURRENTLY for ${shown}, which has no unique index on columns alone and without a ` +
      "WHERE (55000).",
    safeForm: withKey(statement.text, { view, shown }),
  };
}

/** The statement without CONCURRENTLY; null where the word is not found. */
function plain(statement: Statement): string | null {
  const word = keyword(statement, ["concurrently"]);
  return word === null ? null : `${withEdits(statement, [{ start: word.start - 1, end: word.end, text: "" }])};`;
}
