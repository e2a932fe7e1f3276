import { findColumn } from "../../catalog/resolve.ts";
import { objectName } from "../../catalog/object_names.ts";
import { identifier } from "../../sql/identifiers.ts";
import { backfill } from "../backfill.ts";
import { columnRename, isAddedHere, isReplacedHere, isVacatedHere } from "../column_history.ts";
import { type Heir, inherit } from "../column_heir.ts";
import { hangingOn, viewsOver } from "../hanging.ts";
import type { Rule } from "../rule.ts";
import { writeSafeForm } from "../safe_form.ts";
import { listOf } from "../shown_name.ts";
import { tableSql } from "../table_sql.ts";
import { typeSql } from "../type_sql.ts";
import { waitedTable } from "../waited_table.ts";

export const renameColumn: Rule = {
  id: "rename-column",
  severity: "warning",
  fires: "RENAME COLUMN",
  why:
    "The statement is instant, but programs that are running know the column by its old name and fail from that moment on; " +
    "those that know the new name fail until then. No release can happen at the same moment.",
  instead: "Add a column with the new name, keep the two the same by a trigger, and fill it in batches. Give the new " +
    "column the indexes and constraints of the old one. Release programs that use the new name, and drop the old column when " +
    "no program names it any more. Where views, keys of other tables, policies or the like hang on the column, there is no " +
    "safe form to paste; the finding names them.",
  source: "https://www.postgresql.org/docs/current/ddl-alter.html#DDL-ALTER-RENAMING-COLUMN",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "ALTER TABLE posts RENAME COLUMN title TO headline;",
    good: [
      `ALTER TABLE posts ADD COLUMN headline text;
CREATE FUNCTION posts_headline_sync() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.title := coalesce(NEW.headline, NEW.title);
  ELSIF NEW.headline IS DISTINCT FROM OLD.headline THEN
    NEW.title := NEW.headline;
  END IF;
  NEW.headline := NEW.title;
  RETURN NEW;
END
$$;
CREATE TRIGGER posts_headline_sync BEFORE INSERT OR UPDATE ON posts
FOR EACH ROW EXECUTE FUNCTION posts_headline_sync();`,
      `-- pgmigrate: no-transaction
DO $$
DECLARE
  batch_start bigint := (SELECT min(id) FROM posts);
BEGIN
  WHILE batch_start <= (SELECT max(id) FROM posts) LOOP
    UPDATE posts SET headline = title
    WHERE id BETWEEN batch_start AND batch_start + 9999 AND headline IS NULL;
    COMMIT;
    batch_start := batch_start + 10000;
  END LOOP;
END
$$;`,
      `DROP TRIGGER posts_headline_sync ON posts;
DROP FUNCTION posts_headline_sync();
ALTER TABLE posts DROP COLUMN title; -- pgmigrate: ignore=drop-column no release since 3.2 names it`,
    ],
  }],
  check: (linted, file) => {
    const { statement, catalog } = linted;
    const rename = columnRename(statement);
    const relation = rename === null ? null : waitedTable(rename.relation, linted, file);
    if (rename === null || relation === null) return [];
    const { subname: column = "", newname = "" } = rename;
    const isSwap = isReplacedHere({ relation, column }, linted, file) ||
      isVacatedHere({ relation, column: newname }, linted, file);
    if (isSwap || isAddedHere({ relation, column }, linted, file)) return [];
    const sql = tableSql({ node: rename }, relation, { catalog, file });
    const name = identifier(column);
    const message =
      `Programs that name ${sql.table}.${name} fail as soon as this is committed, and programs that name ` +
      `${identifier(newname)} fail until then.`;
    const hanging = [...hangingOn(relation, { column, catalog }), ...viewsOver(relation, { column, catalog })];
    const isWhole = hanging.every(({ isKnown, constraint }) => isKnown && constraint?.kind !== "primary-key");
    const known = findColumn(relation, column);
    if (known === null || known.type === null || !isWhole) {
      const names = listOf(hanging.map(({ name }) => name));
      const moved = names === ""
        ? ""
        : ` What hangs on ${name} would have to move to another column with it: ${names}.`;
      return [{ message: message + moved, safeForm: null, fix: null }];
    }
    const { postgresVersion } = file;
    const heir = { column, heir: newname, sql, catalog, hanging, postgresVersion };
    return [{ message, safeForm: expand(heir, typeSql(known.type)), fix: null }];
  },
};

/** Both columns until the programs have moved. */
function expand(heir: Heir, type: string): string {
  const { sql, column, heir: newname } = heir;
  const { table, alter, relation } = sql;
  const [from, to] = [identifier(column), identifier(newname)];
  const sync = objectName({ table: relation.name, columns: newname, label: "sync" });
  const [trigger, routine] = [identifier(sync), sql.inSchema(sync)];
  const add = `${alter} ADD COLUMN ${to} ${type};
CREATE FUNCTION ${routine}() RETURNS trigger LANGUAGE plpgsql AS $sync$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.${from} := coalesce(NEW.${to}, NEW.${from});
  ELSIF NEW.${to} IS DISTINCT FROM OLD.${to} THEN
    NEW.${from} := NEW.${to};
  END IF;
  NEW.${to} := NEW.${from};
  RETURN NEW;
END
$sync$;
CREATE TRIGGER ${trigger} BEFORE INSERT OR UPDATE ON ${table}
FOR EACH ROW EXECUTE FUNCTION ${routine}();`;
  // With a default of its own, the new column would overwrite what programs write into the old one.
  const { next, before, after } = inherit(heir);
  const drop = [
    `DROP TRIGGER ${trigger} ON ${table};`,
    `DROP FUNCTION ${routine}();`,
    ...before,
    `${alter} DROP COLUMN ${from}; -- pgmigrate: ignore=drop-column no program names it any more`,
    ...after,
  ];
  return writeSafeForm([
    { title: `add ${newname}, and keep the two the same`, sql: add, noTransaction: false },
    backfill({ table, relation, column: newname, value: from }),
    ...next,
    { title: `when no program names ${column} any more`, sql: drop.join("\n"), noTransaction: false },
  ]);
}
