import type { Relation, RelationKind } from "../../catalog/catalog.ts";
import { findRelation, isSame, resolveListed } from "../../catalog/resolve.ts";
import { identifier, listedParts } from "../../sql/identifiers.ts";
import type { Statement } from "../../sql/parser.ts";
import { type CopiedRows, copiedRows } from "../copied_rows.ts";
import { droppedObjects } from "../dropped_objects.ts";
import { isInUse } from "../in_use.ts";
import { takesName } from "../names_in_file.ts";
import { defaultPartition } from "../partition_steps.ts";
import type { LintedFile, LintedStatement, NextMigration, Problem, Rule } from "../rule.ts";
import { writeSafeForm } from "../safe_form.ts";
import { fewOf, listOf, shownName } from "../shown_name.ts";
import { takenAlong } from "../taken_along.ts";

export const dropTable: Rule = {
  id: "drop-table",
  severity: "warning",
  fires: "DROP of a table or view, by DROP SCHEMA … CASCADE, DROP OWNED and the like too",
  why:
    "The statement is instant, but programs that are running still use the table and fail from that moment on. Its rows " +
    "are lost, unless they were copied. CASCADE takes along what the statement does not name: all that is in a schema, the views on a table. It takes an ACCESS EXCLUSIVE lock, for a partition on the partitioned table too, and waits for every query there.",
  instead:
    "First release programs that do not name the table. pg_stat_user_tables tells whether anybody still reads or " +
    "writes it. Drop it when no program does, and say so in the file: ignore=drop-table and the reason. Detach a partition " +
    "CONCURRENTLY before.",
  source: "https://www.postgresql.org/docs/current/sql-droptable.html",
  examples: [{
    before: ["CREATE TABLE drafts (id bigint PRIMARY KEY);"],
    bad: "DROP TABLE drafts;",
    good: ["DROP TABLE drafts; -- pgmigrate: ignore=drop-table nothing has used it since release 42"],
  }, {
    before: ["CREATE TABLE drafts (id bigint PRIMARY KEY, title text);"],
    bad: `CREATE TABLE old_drafts AS SELECT * FROM drafts;
DROP TABLE drafts;`,
    good: [
      "CREATE TABLE old_drafts AS SELECT * FROM drafts;",
      "DROP TABLE drafts; -- pgmigrate: ignore=drop-table nothing has used it since release 42",
    ],
  }, {
    before: ["CREATE SCHEMA app;\nCREATE TABLE app.things (id bigint PRIMARY KEY);"],
    bad: "DROP SCHEMA app CASCADE;",
    good: [
      "DROP TABLE app.things; -- pgmigrate: ignore=drop-table nothing has used it since release 42",
      "DROP SCHEMA app;",
    ],
  }],
  check: (linted, file) => {
    const { statement, catalog } = linted;
    if (statement.kind === "DropOwnedStmt") return ownedBy(statement);
    if (statement.kind !== "DropStmt") return [];
    const dropped = namedIn(linted, file);
    const along = takenAlong(linted, file).relations.filter((one) => !dropped.some(({ table }) => isSame(table, one)));
    const names = [...dropped.map(({ text }) => text), ...along.map(shownName)];
    if (names.length === 0) return unseenIn(statement, file);
    const before = dropped.flatMap(({ table, text }) => detached(table, { text, catalog }));
    const safeForm = contract(statement, { names, before });
    const others = fewOf(along.map(shownName));
    if (dropped.length === 0) {
      const lost = along.some(hasOwnRows) ? ", and the rows are lost" : "";
      const message = `Programs that use ${others} fail as soon as this is committed${lost}: CASCADE drops all of it.`;
      return [{ message, safeForm, fix: null }];
    }
    return dropped.map(({ table, span, text }, index) => {
      const parent = table.partition === null ? undefined : table.parents[0];
      const partOf = parent === undefined
        ? ""
        : ` It waits for every query on ${shownName(parent)}, of which it is a partition, and others wait behind it.`;
      const lost = hasOwnRows(table) ? lostWords(copiedRows(table, linted, file)) : "";
      const more = others === "" || index > 0 ? "" : ` CASCADE drops ${others} as well.`;
      const message = `Programs that use ${text} fail as soon as this is committed${lost}.${partOf}${more}`;
      return { span, message, safeForm, fix: null };
    });
  },
};

const KINDS: Readonly<Record<string, RelationKind>> = {
  OBJECT_TABLE: "table",
  OBJECT_FOREIGN_TABLE: "foreign-table",
  OBJECT_VIEW: "view",
  OBJECT_MATVIEW: "materialized-view",
};

/** The tables and views that it names; not a view that the file makes again, as is done to change one. */
function namedIn({ statement, catalog }: LintedStatement, file: LintedFile) {
  const expected = statement.kind === "DropStmt" ? KINDS[statement.node.removeType ?? ""] : undefined;
  if (expected === undefined) return [];
  return droppedObjects(statement).flatMap(({ names, span, text }) => {
    const table = resolveListed(catalog, names, { expected });
    if (!isInUse(table, file)) return [];
    return isView(table) && takesName(table, { statement, file }) ? [] : [{ table, span, text }];
  });
}

function isView({ kind }: Relation): boolean {
  return kind === "view" || kind === "materialized-view";
}

/** What REFRESH writes again is not lost, nor what is on another server. */
function hasOwnRows({ kind }: Relation): boolean {
  return kind === "table" || kind === "partitioned-table";
}

/** What the copy leaves out, such as what a WHERE or a join does, nobody knows without the rows. */
function lostWords(copied: CopiedRows | null): string {
  return copied === null
    ? ", and its rows are lost"
    : `, and its rows are lost but for those that line ${copied.line} copies into ${copied.into}`;
}

/** Who owns what, no migration says for certain. */
function ownedBy(statement: Statement & { readonly kind: "DropOwnedStmt" }): readonly Problem[] {
  const roles = (statement.node.roles ?? []).map((role) =>
    "RoleSpec" in role && role.RoleSpec.rolename !== undefined ? identifier(role.RoleSpec.rolename) : "the role"
  );
  const owns = roles.length === 1 ? "owns" : "own";
  const message =
    `All that ${listOf(roles)} ${owns} in this database goes, with the rows of tables: programs that use any ` +
    "of it fail as soon as this is committed. REASSIGN OWNED gives it to another role instead.";
  return [{ message, safeForm: null, fix: null }];
}

/** DROP SCHEMA … CASCADE of a schema in which no migration made anything, though others may have. */
function unseenIn(statement: Statement, { statements }: LintedFile): readonly Problem[] {
  if (statement.kind !== "DropStmt" || statement.node.removeType !== "OBJECT_SCHEMA") return [];
  if (statement.node.behavior !== "DROP_CASCADE") return [];
  const made = statements.flatMap(({ kind, node }) => kind === "CreateSchemaStmt" ? node.schemaname ?? [] : []);
  const names = listedParts(statement.node.objects).filter((name) => !made.includes(name));
  if (names.length === 0) return [];
  const shown = listOf(names.map(identifier));
  const message =
    `All that is in ${shown} goes with it, and programs that use any of it fail as soon as this is committed.`;
  return [{ message, safeForm: contract(statement, { names: [shown], before: [] }), fix: null }];
}

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
  const title = `when no program uses ${fewOf(names)} any more`;
  const sql = `${text}; -- pgmigrate: ignore=drop-table no program uses it any more`;
  if (before.length === 0) return `-- ${title.replace(/^w/, "W")}:\n${sql}`;
  return writeSafeForm([...before, { title, sql, noTransaction: false }]);
}
