import assert from "node:assert/strict";
import { type ConcurrentIndex, concurrentIndexes } from "./concurrent_indexes.ts";
import { parse } from "./parser.ts";

async function indexes(text: string): Promise<readonly ConcurrentIndex[]> {
  const outcome = await parse(text);
  assert.ok(outcome.kind === "statements", JSON.stringify(outcome));
  return concurrentIndexes(outcome.statements);
}

Deno.test("concurrentIndexes() names schema, index and table as the server knows them", async () => {
  assert.deepEqual(
    await indexes(`create index concurrently if not exists Idx_A on public.T (a);
      create unique index concurrently "Ix ""B""" on "My Table" (b);
      create index concurrently on t (c);`),
    [
      { schema: "public", name: "idx_a", table: "t" },
      { schema: null, name: 'Ix "B"', table: "My Table" },
      { schema: null, name: null, table: "t" },
    ],
  );
});

Deno.test("concurrentIndexes() takes all indexes of a table that is reindexed concurrently", async () => {
  assert.deepEqual(await indexes("reindex table concurrently s.t; reindex (concurrently on, verbose) table u"), [
    { schema: "s", name: null, table: "t" },
    { schema: null, name: null, table: "u" },
  ]);
});

Deno.test("concurrentIndexes() passes over what is not built concurrently", async () => {
  assert.deepEqual(
    await indexes(`create index i on t (a); reindex table t; reindex (concurrently false) table t;
      reindex index concurrently i; drop index concurrently i; select 'create index concurrently i on t (a)'`),
    [],
  );
});
