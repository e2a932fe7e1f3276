import { resolveRelation } from "../../catalog/resolve.ts";
import { relationName } from "../../sql/identifiers.ts";
import { isInUse } from "../in_use.ts";
import type { Rule } from "../rule.ts";
import { behindKeyword, withEdits } from "../text_edits.ts";
import { hasKey, withKey } from "../view_key.ts";

export const refreshMatview: Rule = {
  id: "refresh-matview",
  severity: "error",
  fires: "REFRESH MATERIALIZED VIEW without CONCURRENTLY",
  why:
    "It takes an ACCESS EXCLUSIVE lock on the materialized view, so that everybody who reads it waits until its query has " +
    "run and the rows are written.",
  instead:
    "REFRESH MATERIALIZED VIEW CONCURRENTLY compares the new rows with the old ones and changes what differs, while " +
    "others read. It needs a unique index on columns of the view, without a WHERE, and a view that was filled before: the first REFRESH of one that is empty is no finding. It " +
    "may run in a transaction.",
  source: "https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html",
  examples: [{
    before: [
      `CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint);
CREATE MATERIALIZED VIEW post_counts AS SELECT user_id, count(*) AS posts FROM posts GROUP BY user_id;
CREATE UNIQUE INDEX post_counts_user_id_idx ON post_counts (user_id);`,
    ],
    bad: "REFRESH MATERIALIZED VIEW post_counts;",
    good: ["REFRESH MATERIALIZED VIEW CONCURRENTLY post_counts;"],
  }],
  check: ({ statement, catalog }, file) => {
    if (statement.kind !== "RefreshMatViewStmt" || statement.node.concurrent) return [];
    const { relation, skipData } = statement.node;
    const view = relation === undefined ? null : resolveRelation(catalog, relation, { expected: "materialized-view" });
    if (relation === undefined || !isInUse(view, file)) return [];
    // Nobody can read what has not been filled, and the first time cannot be CONCURRENTLY.
    if (view.populated === false) return [];
    const shown = relationName(relation);
    if (skipData) {
      return [{
        severity: "warning",
        message: `${shown} is empty after this, and every query on it fails until it is refreshed.`,
        safeForm: null,
        fix: null,
      }];
    }
    const message = `Everybody who reads ${shown} waits until its query has run and the rows are written.`;
    const word = behindKeyword(statement, ["view"], "CONCURRENTLY");
    const sql = withEdits(statement, word === null ? [] : [word]);
    if (hasKey(view, catalog)) {
      return [{ message, safeForm: `${sql};`, fix: { statement: sql, noTransaction: false, next: [] } }];
    }
    return [{
      message: `${message} CONCURRENTLY needs a unique index, and no migration makes one.`,
      safeForm: withKey(sql, { view, shown }),
      fix: null,
    }];
  },
};
