import assert from "node:assert/strict";
import { Catalog } from "../catalog/catalog.ts";
import { renamedDefinition } from "../catalog/replay_index.ts";
import { replay } from "../catalog/replay.ts";
import { parse } from "../sql/parser.ts";
import { indexSql } from "./index_sql.ts";

/** The index with a column `a` that has become `A b`, as it is written anew. */
async function written(index: string): Promise<string | null> {
  const parsed = await parse(`CREATE TABLE t (a text, b int, c jsonb); CREATE INDEX i ON t ${index};`);
  assert.ok(parsed.kind === "statements", index);
  const catalog = new Catalog(true);
  for (const statement of parsed.statements) replay(catalog, statement, 1n);
  const definition = catalog.relations.get("public.i")?.index?.definition;
  return definition === undefined ? null : indexSql(renamedDefinition(definition, { from: "a", to: "A b" }));
}

const CASES: Readonly<Record<string, string | null>> = {
  "(a)": '("A b")',
  "(a DESC, b ASC NULLS LAST)": '("A b" DESC, b ASC NULLS LAST)',
  'USING btree (lower(a) COLLATE "C" text_pattern_ops DESC NULLS FIRST)':
    '(lower("A b") COLLATE "C" text_pattern_ops DESC NULLS FIRST)',
  "USING gin (c jsonb_path_ops)": "USING gin (c jsonb_path_ops)",
  "((c ->> 'a'), (b + 1)) INCLUDE (a, b)": `((c ->> 'a'), (b + 1)) INCLUDE ("A b", b)`,
  "(b) NULLS NOT DISTINCT WHERE a = 'a' AND b > 0": `(b) NULLS NOT DISTINCT WHERE ("A b" = 'a') AND (b > 0)`,
  "(a) WITH (fillfactor = 70)": null,
  "(a) TABLESPACE fast": null,
  "((CASE WHEN b > 0 THEN a END))": null,
  "USING gist (a gist_trgm_ops (siglen = 32))": null,
};

Deno.test("indexSql() writes an index as it was made, with a column by its new name", async () => {
  for (const [index, expected] of Object.entries(CASES)) assert.equal(await written(index), expected, index);
});
