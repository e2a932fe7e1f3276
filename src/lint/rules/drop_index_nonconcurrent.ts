import type { Catalog, Relation } from "../../catalog/catalog.ts";
import { findRelation, resolveListed } from "../../catalog/resolve.ts";
import { droppedObjects } from "../dropped_objects.ts";
import { isInUse } from "../in_use.ts";
import { ownMigration } from "../own_migration.ts";
import type { Rule } from "../rule.ts";
import { listOf, shownName } from "../shown_name.ts";
import { identifier } from "../../sql/identifiers.ts";

export const dropIndexNonconcurrent: Rule = {
  id: "drop-index-nonconcurrent",
  severity: "warning",
  fires: "DROP INDEX without CONCURRENTLY",
  why:
    "It takes an ACCESS EXCLUSIVE lock on the index and on its table. It is quick once it has them, but it waits for " +
    "every query that runs on the table, and all who come after it, readers included, wait behind it; in a file with more " +
    "statements they wait until the last one is done.",
  instead:
    "DROP INDEX CONCURRENTLY waits for the queries and lets nobody wait for itself. It takes one index, does not take " +
    "CASCADE, and cannot run in a transaction, so it stands in a file with the directive no-transaction. An index that a " +
    "constraint stands on goes with ALTER TABLE … DROP CONSTRAINT. That of a partitioned table has no such form: drop it " +
    "with a short lock_timeout.",
  source: "https://www.postgresql.org/docs/current/sql-dropindex.html",
  examples: [{
    before: [
      `CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX posts_user_id_idx ON posts (user_id);`,
    ],
    bad: "DROP INDEX posts_user_id_idx;",
    good: ["-- pgmigrate: no-transaction\nDROP INDEX CONCURRENTLY posts_user_id_idx;"],
  }],
  check: ({ statement, catalog }, file) => {
    const { kind, node } = statement;
    if (kind !== "DropStmt" || node.removeType !== "OBJECT_INDEX" || node.concurrent) return [];
    const dropped = droppedObjects(statement).flatMap(({ names, text }) => {
      const index = resolveListed(catalog, names, { expected: "index" });
      return isInUse(index, file) && isInUse(tableOf(index, catalog), file) ? [{ index, text }] : [];
    });
    if (dropped.length === 0) return [];
    const message = messageOf(dropped.map(({ index }) => index));
    const cannot = dropped.find(({ index }) => whyNot(index) !== null)?.index;
    if (cannot !== undefined) return [{ message: `${message} ${whyNot(cannot)}`, safeForm: null, fix: null }];
    if (node.behavior === "DROP_CASCADE") {
      const why = "CONCURRENTLY does not take CASCADE: drop first, by name, what relies on it.";
      return [{ message: `${message} ${why}`, safeForm: null, fix: null }];
    }
    const ifExists = node.missing_ok ? "IF EXISTS " : "";
    const sql = droppedObjects(statement).map(({ text }) => `DROP INDEX CONCURRENTLY ${ifExists}${text}`).join(";\n");
    const names = dropped.map(({ index }) => index.name);
    return [{ message, ...ownMigration({ sql, title: `drop index ${names[0]}`, names }, { statement, file }) }];
  },
};

/** The index itself where nothing is known of its table. */
function tableOf(index: Relation, catalog: Catalog): Relation {
  return (index.index === null ? null : findRelation(catalog, index.index.table)) ?? index;
}

function messageOf(indexes: readonly Relation[]): string {
  const tables = [...new Set(indexes.flatMap(({ index }) => index === null ? [] : [shownName(index.table)]))];
  const on = tables.length === 0 ? (indexes.length === 1 ? "its table" : "their tables") : listOf(tables);
  return `Readers and writers of ${on} wait from the moment this asks for its ACCESS EXCLUSIVE lock until the file's ` +
    `transaction ends; it gets the lock only when every query that runs there has ended.`;
}

function whyNot({ name, kind, index }: Relation): string | null {
  if (index?.constraint) {
    return `${identifier(name)} belongs to a constraint, so the server refuses this: use ALTER TABLE ` +
      `${shownName(index.table)} DROP CONSTRAINT ${identifier(name)}.`;
  }
  if (kind !== "partitioned-index") return null;
  return `${identifier(name)} is the index of a partitioned table, which cannot be dropped concurrently.`;
}
