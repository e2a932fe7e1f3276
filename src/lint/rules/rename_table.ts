import type { RangeVar } from "libpg-query";
import { isSame, resolveRelation } from "../../catalog/resolve.ts";
import { identifier, relationName } from "../../sql/identifiers.ts";
import type { Statement } from "../../sql/parser.ts";
import { isInUse } from "../in_use.ts";
import { freesName, takesName } from "../names_in_file.ts";
import type { Rule } from "../rule.ts";
import { writeSafeForm } from "../safe_form.ts";
import { shownName } from "../shown_name.ts";

export const renameTable: Rule = {
  id: "rename-table",
  severity: "warning",
  fires: "RENAME or SET SCHEMA of a table or view",
  why:
    "The statement is instant, but programs that are running know the table by its old name and fail from that moment " +
    "on; those that know the new name fail until then. No release can happen at the same moment.",
  instead:
    "In the same migration, create a view of the old name: as long as it selects all columns of the table and nothing " +
    "else, programs read and write through it. Grant on it what they had on the table. Release programs that use the new " +
    "name, and drop the view when no program uses the old one. Where another table takes the old name in the same file, " +
    "there is no finding.",
  source: "https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-UPDATABLE-VIEWS",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "ALTER TABLE posts RENAME TO articles;",
    good: [
      "ALTER TABLE posts RENAME TO articles;\nCREATE VIEW posts AS SELECT * FROM articles;",
      "DROP VIEW posts; -- pgmigrate: ignore=drop-table no release since 3.2 names it",
    ],
  }],
  check: ({ statement, catalog }, file) => {
    const renaming = renamingOf(statement);
    if (renaming === null) return [];
    const { range, schema, name } = renaming;
    const relation = resolveRelation(catalog, range);
    if (!isInUse(relation, file) || !QUERIED.has(relation.kind)) return [];
    const from = { schema: relation.schema, name: relation.name };
    const to = { schema: schema ?? relation.schema, name: name ?? relation.name };
    // Two tables that change places: the old name goes on to mean something, and the new one did before.
    if (isSame(from, to) || takesName(from, { statement, file }) || freesName(to, { statement, file })) return [];
    const old = relationName(range);
    const view = `CREATE VIEW ${shownName(from)} AS SELECT * FROM ${shownName(to)};`;
    const isWritten = relation.kind === "table" || relation.kind === "partitioned-table";
    return [{
      message:
        `Programs that use ${old} fail as soon as this is committed, and programs that use ${
          schema === null ? identifier(to.name) : shownName(to)
        } ` +
        "fail until then.",
      safeForm: relation.kind === "materialized-view" ? null : writeSafeForm([
        {
          title: `a view for programs that ${isWritten ? "read and write" : "read"} by the old name`,
          sql: `${statement.text};\n${view}\n-- GRANT to them on it what they have on ${shownName(to)}.`,
          noTransaction: false,
        },
        {
          title: `when no program uses ${old} any more`,
          sql: `DROP VIEW ${shownName(from)}; -- pgmigrate: ignore=drop-table no program uses it any more`,
          noTransaction: false,
        },
      ]),
      fix: null,
    }];
  },
};

interface Renaming {
  readonly range: RangeVar;
  /** The new schema or the new name; null: it stays. */
  readonly schema: string | null;
  readonly name: string | null;
}

/** RENAME and SET SCHEMA of a table or view; null for another statement. */
function renamingOf({ kind, node }: Statement): Renaming | null {
  if (kind === "RenameStmt" && node.relation !== undefined && RENAMED.has(node.renameType ?? "")) {
    return { range: node.relation, schema: null, name: node.newname ?? null };
  }
  if (kind === "AlterObjectSchemaStmt" && node.relation !== undefined && RENAMED.has(node.objectType ?? "")) {
    return { range: node.relation, schema: node.newschema ?? null, name: null };
  }
  return null;
}

const RENAMED: ReadonlySet<string> = new Set([
  "OBJECT_TABLE",
  "OBJECT_VIEW",
  "OBJECT_MATVIEW",
  "OBJECT_FOREIGN_TABLE",
]);

const QUERIED: ReadonlySet<string> = new Set([
  "table",
  "partitioned-table",
  "foreign-table",
  "view",
  "materialized-view",
]);
