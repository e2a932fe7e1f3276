import type { Relation } from "../../catalog/catalog.ts";
import { resolveRelation } from "../../catalog/resolve.ts";
import { relationName } from "../../sql/identifiers.ts";
import { type CreateIndex, isThereAlready, shownIndex } from "../index_statement.ts";
import { builtAnew } from "../built_anew.ts";
import { isInUse } from "../in_use.ts";
import { ownMigration, qualifyingEdits } from "../own_migration.ts";
import { partitionedIndexForm } from "../partitioned_index.ts";
import type { LintedFile, LintedStatement, Problem, Rule } from "../rule.ts";
import { behindKeyword } from "../text_edits.ts";

export const createIndexNonconcurrent: Rule = {
  id: "create-index-nonconcurrent",
  severity: "error",
  fires: "CREATE INDEX without CONCURRENTLY on a table that is in use",
  why:
    "It takes a SHARE lock on the table and reads all of it. Until the index is built, every INSERT, UPDATE and DELETE " +
    "waits; readers go on. On a large table that takes minutes.",
  instead:
    "CREATE INDEX CONCURRENTLY takes longer, and nobody waits for it. It cannot run in a transaction, so it stands " +
    "in a file of its own with the directive no-transaction. A partitioned table does not take CONCURRENTLY: make the index " +
    "on the table ONLY, which is instant and leaves it invalid, build one on each partition CONCURRENTLY, and attach these; " +
    "with the last one the index of the table becomes valid.",
  source: "https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
  examples: [
    {
      before: ["CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint);"],
      bad: "CREATE INDEX posts_user_id_idx ON posts (user_id);",
      good: ["-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY posts_user_id_idx ON posts (user_id);"],
    },
    {
      before: [
        `CREATE TABLE events (at timestamptz NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');`,
      ],
      bad: "CREATE INDEX events_kind_idx ON events (kind);",
      good: [
        "CREATE INDEX events_kind_idx ON ONLY events (kind);",
        "-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY events_2026_kind_idx ON events_2026 (kind);",
        "ALTER INDEX events_kind_idx ATTACH PARTITION events_2026_kind_idx;",
      ],
    },
  ],
  check: ({ statement, catalog }, file) => {
    if (statement.kind !== "IndexStmt" || statement.node.concurrent || statement.node.relation === undefined) return [];
    const table = resolveRelation(catalog, statement.node.relation);
    if (!isInUse(table, file) || isThereAlready(statement.node, table, catalog)) return [];
    if (table.kind !== "partitioned-table") return [plain({ statement, catalog, table }, file)];
    // ON ONLY makes an invalid index without anything in it.
    if (statement.node.relation.inh !== true) return [];
    return [{
      message: `${message(statement, table)} Each of its partitions is locked so until all of them are done.`,
      safeForm: partitionedIndexForm(statement, { table, catalog }),
      fix: null,
    }];
  },
};

function plain(
  { statement, catalog, table }: Pick<LintedStatement, "catalog"> & {
    readonly statement: CreateIndex;
    readonly table: Relation;
  },
  file: LintedFile,
): Problem {
  const { idxname, relation } = statement.node;
  const word = behindKeyword(statement, ["index"], "CONCURRENTLY");
  const moved = qualifyingEdits({ statement, catalog }, { file, relations: [relation] });
  const schema = moved.length === 0 ? relation?.schemaname : table.schema;
  const sql = builtAnew(statement, { edits: [...(word === null ? [] : [word]), ...moved], schema });
  const title = `create index ${idxname ?? `on ${relation?.relname ?? ""}`}`;
  const names = [relation?.relname ?? "", ...(idxname === undefined ? [] : [idxname])];
  return { message: message(statement, table), ...ownMigration({ sql, title, names }, { statement, file }) };
}

function message({ node }: CreateIndex, { kind }: Relation): string {
  const table = relationName(node.relation!);
  // Nothing but REFRESH writes to a materialized view.
  const writers = kind === "materialized-view" ? "REFRESH of" : "INSERT, UPDATE and DELETE on";
  return `Every ${writers} ${table} waits until ${shownIndex(node)} is built: CREATE INDEX holds a ` +
    `SHARE lock on ${table} while it reads all of it.`;
}
