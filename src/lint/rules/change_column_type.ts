import { findColumn } from "../../catalog/resolve.ts";
import { resolveType } from "../../catalog/resolve_type.ts";
import { viewsOver } from "../hanging.ts";
import { fewOf } from "../shown_name.ts";
import type { Catalog, Relation } from "../../catalog/catalog.ts";
import { identifier } from "../../sql/identifiers.ts";
import { actionImpact } from "../action_impact.ts";
import { type ActionFinding, actionProblems, type ActionSteps } from "../action_problems.ts";
import { alterTableActions, isAlterTable } from "../alter_table_actions.ts";
import { underConstrainedDomain } from "../constrained_domain.ts";
import type { LintedFile, LintedStatement, Rule } from "../rule.ts";
import { type TableSql, tableSql } from "../table_sql.ts";
import { domainCheckSteps, newColumnSteps, shorterTextSteps, type TypeChange, typeChangeOf } from "../type_change.ts";
import { typeSql } from "../type_sql.ts";
import { waitedTable } from "../waited_table.ts";

export const changeColumnType: Rule = {
  id: "change-column-type",
  severity: "error",
  fires: "ALTER COLUMN … TYPE to a type that stores values differently",
  why:
    "Every value is converted, so that PostgreSQL writes the whole table and all of its indexes anew, under an ACCESS " +
    "EXCLUSIVE lock: nobody reads or writes the table for as long as that takes. Some changes keep the rows as they are: " +
    "varchar to text or to a longer varchar, numeric to one with more digits before the point, a domain to the type that " +
    "it is over.",
  instead:
    "Add a column of the new type, fill it by a trigger for new rows and in batches for those that are there, and put it " +
    "in the place of the old one, with the default, the indexes and the constraints that the old one has. Where the safe " +
    "form cannot give it one of them, its last migration stops with an error that says which. For a shorter varchar, add a CHECK on the length instead.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, views integer);"],
    bad: "ALTER TABLE posts ALTER COLUMN views TYPE bigint;",
    good: [
      `ALTER TABLE posts ADD COLUMN views_new bigint;
CREATE FUNCTION posts_fill_views_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.views_new := NEW.views;
  RETURN NEW;
END
$$;
CREATE TRIGGER posts_fill_views_new BEFORE INSERT OR UPDATE ON posts
FOR EACH ROW EXECUTE FUNCTION posts_fill_views_new();`,
      `-- pgmigrate: no-transaction
DO $$
DECLARE
  batch_start bigint := (SELECT min(id) FROM posts);
BEGIN
  WHILE batch_start <= (SELECT max(id) FROM posts) LOOP
    UPDATE posts SET views_new = views
    WHERE id BETWEEN batch_start AND batch_start + 9999 AND views_new IS NULL;
    COMMIT;
    batch_start := batch_start + 10000;
  END LOOP;
END
$$;`,
      `DROP TRIGGER posts_fill_views_new ON posts;
DROP FUNCTION posts_fill_views_new();
ALTER TABLE posts DROP COLUMN views;
ALTER TABLE posts RENAME COLUMN views_new TO views;`,
    ],
  }, {
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title varchar(200));"],
    bad: "ALTER TABLE posts ALTER COLUMN title TYPE varchar(100);",
    good: [
      "ALTER TABLE posts ADD CONSTRAINT posts_title_length CHECK (char_length(title) <= 100) NOT VALID;",
      "ALTER TABLE posts VALIDATE CONSTRAINT posts_title_length;",
    ],
  }],
  check: (linted, file) => {
    const { statement, catalog } = linted;
    if (!isAlterTable(statement)) return [];
    const relation = waitedTable(statement.node.relation, linted, file);
    if (relation === null) return [];
    const sql = tableSql(statement, relation, { catalog, file });
    const found = alterTableActions(statement).flatMap((action): readonly ActionFinding[] => {
      const change = typeChangeOf(statement, action);
      if (change === null) return [];
      const { rewrites: [rewrite], scans: [scan] } = actionImpact(linted, action, file);
      if (rewrite === undefined && scan === undefined) return [];
      const column = identifier(change.column);
      const blocks = "under an ACCESS EXCLUSIVE lock, and nobody reads or writes it until that is done";
      if (rewrite === undefined) {
        const message = `The rows stay as they are, but ${scan!.reason}: the whole of ${sql.table} is read ${blocks}.`;
        return [{ action, message, steps: null }];
      }
      const steps = stepsFor(change, { relation, sql, linted, file });
      const views = viewsOver(relation, { column: change.column, catalog }).map(({ name }) => name);
      const refused = views.length === 0
        ? ""
        : ` The server refuses it while ${fewOf(views)} ${views.length === 1 ? "reads" : "read"} ${column} (0A000).`;
      if (rewrite.certain) {
        const from = findColumn(relation, change.column)?.type ?? null;
        const types = from === null ? `to ${change.type}` : `from ${typeSql(from)} to ${change.type}`;
        const message =
          `Every value of ${column} is converted ${types}: the whole of ${sql.table} is written anew ${blocks}.${refused}`;
        return [{ action, message, steps }];
      }
      const message =
        `No migration says what type ${column} has. Unless ${change.type} stores its values the same way, as ` +
        `text does those of varchar, the whole of ${sql.table} is written anew ${blocks}.${refused}`;
      return [{ action, severity: "warning", message, steps }];
    });
    return actionProblems(statement, found, file);
  },
};

interface Around {
  readonly relation: Relation;
  readonly sql: TableSql;
  readonly linted: LintedStatement;
  readonly file: LintedFile;
}

function stepsFor(change: TypeChange, { relation, sql, linted: { catalog }, file }: Around): ActionSteps {
  const length = shorterText(relation, change, catalog);
  if (length !== null) return shorterTextSteps(change, { sql, length });
  const options = { sql, catalog, postgresVersion: file.postgresVersion };
  const base = underConstrainedDomain(change.definition.typeName, catalog);
  if (base === null) return newColumnSteps(change, options);
  const from = findColumn(relation, change.column)?.type ?? null;
  if (from !== null && typeSql(from) === typeSql(base)) return domainCheckSteps(change, sql);
  const type = typeSql(base);
  return newColumnSteps({ ...change, type, collated: type, expression: `(${change.expression})::${type}` }, options);
}

/** The new length, where text is only made shorter; null for any other change. */
function shorterText(relation: Relation, { definition, column }: TypeChange, catalog: Catalog): number | null {
  const from = findColumn(relation, column)?.type ?? null;
  const to = resolveType(catalog, definition.typeName!);
  const isText = (name: string | undefined) => name === "varchar" || name === "text";
  if (to === null || definition.raw_default !== undefined || !isText(from?.name) || to.name !== "varchar") return null;
  return to.dimensions === 0 && from?.dimensions === 0 ? to.modifiers[0] ?? null : null;
}
