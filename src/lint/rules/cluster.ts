import { resolveRelation } from "../../catalog/resolve.ts";
import { relationName } from "../../sql/identifiers.ts";
import { isInUse } from "../in_use.ts";
import type { Rule } from "../rule.ts";

export const cluster: Rule = {
  id: "cluster",
  severity: "error",
  fires: "CLUSTER",
  why:
    "It writes the table and all of its indexes anew, in the order of an index, under an ACCESS EXCLUSIVE lock: readers and " +
    "writers wait until it is done. Rows that come later are not kept in that order.",
  instead:
    "Run pg_repack with --order-by, an extension with a program of its own, which does the same while the table is in " +
    "use. In a migration, ALTER TABLE … CLUSTER ON says which index is meant, and rewrites nothing.",
  source: "https://www.postgresql.org/docs/current/sql-cluster.html",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "CLUSTER posts USING posts_pkey;",
    good: ["ALTER TABLE posts CLUSTER ON posts_pkey;"],
  }],
  check: ({ statement, catalog }, file) => {
    if (statement.kind !== "ClusterStmt") return [];
    const { relation } = statement.node;
    if (relation !== undefined && !isInUse(resolveRelation(catalog, relation), file)) return [];
    const table = relation === undefined ? null : relationName(relation);
    return [{
      message: table === null
        ? "Every table that was clustered before is written anew, one after the other; who reads or writes it waits for as " +
          "long."
        : `Readers and writers of ${table} wait until it and its indexes are written anew. Outside of migrations, ` +
          `pg_repack --table=${table} does it while they go on.`,
      safeForm: null,
      fix: null,
    }];
  },
};
