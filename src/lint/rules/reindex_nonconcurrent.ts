import type { ReindexObjectType } from "libpg-query";
import { findRelation, resolveRelation } from "../../catalog/resolve.ts";
import { identifier, relationName } from "../../sql/identifiers.ts";
import { isOn } from "../../sql/option_values.ts";
import { isInUse } from "../in_use.ts";
import { ownMigration, qualifyingEdits } from "../own_migration.ts";
import type { Rule } from "../rule.ts";
import { behindKeyword, withEdits } from "../text_edits.ts";

export const reindexNonconcurrent: Rule = {
  id: "reindex-nonconcurrent",
  severity: "error",
  fires: "REINDEX without CONCURRENTLY",
  why:
    "It takes a SHARE lock on the table, so that every INSERT, UPDATE and DELETE waits until the index is built anew, and " +
    "an ACCESS EXCLUSIVE lock on the index. Queries wait too: to plan one, the server opens every index of its tables, " +
    "whether it will use it or not.",
  instead: "REINDEX … CONCURRENTLY builds a new index beside the old one and then swaps them. It cannot run in a " +
    "transaction, so it stands in a file of its own with the directive no-transaction.",
  source: "https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint);"],
    bad: "REINDEX TABLE posts;",
    good: ["-- pgmigrate: no-transaction\nREINDEX TABLE CONCURRENTLY posts;"],
  }],
  check: ({ statement, catalog }, file) => {
    if (statement.kind !== "ReindexStmt" || isOn(statement.node.params, "concurrently", false)) return [];
    const { kind = "REINDEX_OBJECT_TABLE", relation, name } = statement.node;
    const expected = kind === "REINDEX_OBJECT_INDEX" ? "index" : "table";
    const reindexed = relation === undefined ? null : resolveRelation(catalog, relation, { expected });
    if (relation !== undefined && !isInUse(reindexed, file)) return [];
    const table = reindexed?.index == null ? null : findRelation(catalog, reindexed.index.table);
    if (table !== null && !isInUse(table, file)) return [];
    const what = relation === undefined ? `${SCOPES[kind]}${name === undefined ? "" : ` ${identifier(name)}`}` : null;
    const message = what !== null
      ? `In ${what}, one table after the other: writers wait, and every query that has to be planned, while its indexes ` +
        `are built.`
      : `Writers of ${
        table ?? reindexed?.kind === "index" ? "its table" : relationName(relation!)
      } wait, and every query ` +
        "that has to be planned, until what is built anew is complete.";
    const cannot = whyNot(kind, { relation: reindexed, table });
    if (cannot !== null) return [{ message: `${message} ${cannot}`, safeForm: null, fix: null }];
    const word = behindKeyword(statement, WORDS, "CONCURRENTLY");
    const moved = qualifyingEdits({ statement, catalog }, { file, relations: [relation] });
    const sql = withEdits(statement, [...(word === null ? [] : [word]), ...moved]);
    const shown = name ?? relation?.relname ?? "";
    return [{
      message,
      ...ownMigration({ sql, title: `reindex ${shown}`.trim(), names: shown === "" ? [] : [shown] }, {
        statement,
        file,
      }),
    }];
  },
};

const WORDS = ["index", "table", "schema", "database", "system"];

const SCOPES: Readonly<Partial<Record<ReindexObjectType, string>>> = {
  REINDEX_OBJECT_SCHEMA: "the schema",
  REINDEX_OBJECT_DATABASE: "the database",
  REINDEX_OBJECT_SYSTEM: "the system catalogs",
};

type Reindexed = ReturnType<typeof resolveRelation>;

function whyNot(
  kind: ReindexObjectType,
  { relation, table }: { readonly relation: Reindexed; readonly table: Reindexed },
): string | null {
  if (kind === "REINDEX_OBJECT_SYSTEM" || relation?.schema === "pg_catalog") {
    return "The server's own catalogs cannot be reindexed concurrently: do it when nobody is connected.";
  }
  const excludes = table?.constraints.some((constraint) =>
    constraint.kind === "exclude" && constraint.name === relation?.name
  );
  return excludes ? "The index of an exclusion constraint cannot be built concurrently." : null;
}
