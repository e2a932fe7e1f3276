import assert from "node:assert/strict";
import { parse } from "../sql/parser.ts";
import { columnsRead } from "./columns_read.ts";

const CASES: Readonly<Record<string, readonly string[] | null>> = {
  "SELECT a, t.b AS x FROM t WHERE s.t.c > 0 ORDER BY d": ["a", "b", "c", "d"],
  "SELECT a FROM t JOIN u USING (b, c)": ["a", "b", "c"],
  "SELECT count(*) FROM t": [],
  "SELECT * FROM t": null,
  "SELECT t.* FROM t": null,
  "SELECT t FROM t": null,
  "SELECT to_jsonb(x) FROM t AS x": null,
  "SELECT a FROM t NATURAL JOIN u": null,
  "SELECT a FROM (SELECT * FROM t) AS x": null,
  "SELECT a FROM t AS x (b, a)": null,
  "SELECT a FROM (t JOIN u USING (id)) AS x (b, a)": null,
  "SELECT x FROM (SELECT a FROM t) AS s (x)": ["a", "x"],
  "WITH w AS (SELECT a FROM t) SELECT b FROM w UNION SELECT c FROM u": ["a", "b", "c"],
};

Deno.test("columnsRead() names each column that a query reads, or none where it may read any", async () => {
  for (const [sql, expected] of Object.entries(CASES)) {
    const parsed = await parse(sql);
    assert.ok(parsed.kind === "statements", sql);
    const [{ kind, node }] = parsed.statements as [(typeof parsed.statements)[number]];
    assert.deepEqual(columnsRead({ [kind]: node })?.toSorted() ?? null, expected, sql);
  }
});
