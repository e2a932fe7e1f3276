/** What a database holds, as text: two databases with the same text have the same schema. */

import type { Project } from "./pgmigrate.ts";

/** A catalog's rows as lines of text. Objects of the system and of extensions are left out. */
interface Listing {
  /** The expression that gives a line; `c` is a row of the catalog. */
  readonly line: string;
  /** The catalog that has the schema, and the column it has it in. */
  readonly catalog: readonly [name: string, schemaColumn: string];
  readonly join?: string;
  readonly only?: string;
}

const CLASS = ["pg_class", "relnamespace"] as const;

const LISTINGS: readonly Listing[] = [
  { line: "format('relation %s %s', c.relkind, c.oid::regclass)", catalog: CLASS },
  {
    line: `format('column %s.%s %s %s %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
      a.attnotnull, pg_get_expr(d.adbin, d.adrelid))`,
    catalog: CLASS,
    join: `JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum`,
  },
  {
    line: "format('constraint %s %s %s', c.oid::regclass, o.conname, pg_get_constraintdef(o.oid))",
    catalog: CLASS,
    join: "JOIN pg_constraint o ON o.conrelid = c.oid",
  },
  {
    line: "format('index %s %s', pg_get_indexdef(c.oid), i.indisvalid)",
    catalog: CLASS,
    join: "JOIN pg_index i ON i.indexrelid = c.oid",
  },
  {
    line: "format('view %s %s', c.oid::regclass, pg_get_viewdef(c.oid))",
    catalog: CLASS,
    only: "c.relkind IN ('v', 'm')",
  },
  {
    line: "format('trigger %s', pg_get_triggerdef(t.oid))",
    catalog: CLASS,
    join: "JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal",
  },
  {
    line: "format('policy %s %s', c.oid::regclass, p.polname)",
    catalog: CLASS,
    join: "JOIN pg_policy p ON p.polrelid = c.oid",
  },
  {
    line: `format('type %s %s %s', c.oid::regtype, c.typtype,
      (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = c.oid))`,
    catalog: ["pg_type", "typnamespace"],
  },
  { line: "format('function %s %s', c.prokind, c.oid::regprocedure)", catalog: ["pg_proc", "pronamespace"] },
  { line: "format('extension %s', c.extname)", catalog: ["pg_extension", "extnamespace"] },
];

/** Gives the schema of a database as rows of one column `line`. */
export const CATALOG_QUERY: string = catalogQuery();

/** Reads the schema of a project's database, but for pgmigrate's own tables. */
export async function readCatalog(project: Project): Promise<readonly string[]> {
  const rows = await project.query(CATALOG_QUERY);
  return rows.map(({ line }) => String(line)).filter((line) => !line.includes("schema_migrations")).sort();
}

function catalogQuery(): string {
  const queries = LISTINGS.map(({ line, catalog: [name, schemaColumn], join = "", only = "TRUE" }) => `
    SELECT ${line} AS line FROM ${name} c JOIN pg_namespace n ON n.oid = c.${schemaColumn} ${join}
    WHERE ${only} AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${name}'::regclass AND e.objid = c.oid AND e.deptype = 'e')`);
  const schemas = "SELECT format('schema %s', nspname) AS line FROM pg_namespace WHERE nspname !~ '^pg_'";
  return [schemas, ...queries].join(" UNION ALL ");
}
