import type { Relation } from "../../catalog/catalog.ts";
import { findRelation, resolveListed } from "../../catalog/resolve.ts";
import type { Statement } from "../../sql/parser.ts";
import { droppedObjects } from "../dropped_objects.ts";
import { isInUse } from "../in_use.ts";
import { defaultPartition } from "../partition_steps.ts";
import type { LintedStatement, NextMigration, Rule } from "../rule.ts";
import { writeSafeForm } from "../safe_form.ts";
import { listOf, shownName } from "../shown_name.ts";

export const dropTable: Rule = {
  id: "drop-table",
  severity: "warning",
  fires: "DROP TABLE",
  why:
    "The statement is instant, but programs that are running still use the table and fail from that moment on. Its rows " +
    "are lost. It takes an ACCESS EXCLUSIVE lock, for a partition on the partitioned table too, and waits for every query there.",
  instead:
    "First release programs that do not name the table. pg_stat_user_tables tells whether anybody still reads or " +
    "writes it. Drop it when no program does, and say so in the file: ignore=drop-table and the reason. Detach a partition " +
    "CONCURRENTLY before.",
  source: "https://www.postgresql.org/docs/current/sql-droptable.html",
  examples: [{
    before: ["CREATE TABLE drafts (id bigint PRIMARY KEY);"],
    bad: "DROP TABLE drafts;",
    good: ["DROP TABLE drafts; -- pgmigrate: ignore=drop-table nothing has used it since release 42"],
  }],
  check: ({ statement, catalog }, file) => {
    if (statement.kind !== "DropStmt" || statement.node.removeType !== "OBJECT_TABLE") return [];
    const dropped = droppedObjects(statement).flatMap(({ names, span, text }) => {
      const table = resolveListed(catalog, names);
      return isInUse(table, file) ? [{ table, span, text }] : [];
    });
    const safeForm = dropped.length === 0 ? null : contract(statement, {
      names: dropped.map(({ text }) => text),
      before: dropped.flatMap(({ table, text }) => detached(table, { text, catalog })),
    });
    return dropped.map(({ table, span, text }) => {
      const parent = table.partition === null ? undefined : table.parents[0];
      const partOf = parent === undefined
        ? ""
        : ` It waits for every query on ${shownName(parent)}, of which it is a partition, and others wait behind it.`;
      return {
        span,
        message: `Programs that use ${text} fail as soon as this is committed, and its rows are lost.${partOf}`,
        safeForm,
        fix: null,
      };
    });
  },
};

/** A partition that is detached goes without a lock on what it was a part of. */
function detached(
  table: Relation,
  { text, catalog }: { readonly text: string } & Pick<LintedStatement, "catalog">,
): readonly NextMigration[] {
  const [name] = table.partition === null ? [] : table.parents;
  const parent = name === undefined ? null : findRelation(catalog, name);
  if (parent === null || defaultPartition(parent, catalog) !== null) return [];
  const sql = `ALTER TABLE ${shownName(parent)} DETACH PARTITION ${text} CONCURRENTLY;`;
  return [{ title: `detach ${text}`, sql, noTransaction: true }];
}

/** The statement as it is, at its time. */
function contract(
  { text }: Statement,
  { names, before }: { readonly names: readonly string[]; readonly before: readonly NextMigration[] },
): string {
  const title = `when no program uses ${listOf(names)} any more`;
  const sql = `${text}; -- pgmigrate: ignore=drop-table no program uses it any more`;
  if (before.length === 0) return `-- ${title.replace(/^w/, "W")}:\n${sql}`;
  return writeSafeForm([...before, { title, sql, noTransaction: false }]);
}
