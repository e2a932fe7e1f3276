import assert from "node:assert/strict";
import { resolve } from "node:path";
import type { Migration } from "../migration/migration.ts";
import { chooseFiles, chooseListed, listedNames } from "./choose_files.ts";

const NAMES = ["001_a.sql", "002_b.sql"];
const migrations = NAMES.map((name) => ({ name }) as Migration);
const within = { migrations, directory: "db/migrations" };

function names(chosen: ReadonlySet<Migration>): readonly string[] {
  return [...chosen].map(({ name }) => name);
}

Deno.test("chooseFiles() finds migrations of the directory however their paths are written", () => {
  const paths = ["./db/migrations/../migrations/001_a.sql", resolve("db/migrations/002_b.sql")];
  for (const path of paths) assert.equal(chooseFiles([path], within).inside.size, 1, path);
  const { inside, others } = chooseFiles([...paths, "001_a.sql", "x.sql", "x.sql"], within);
  assert.deepEqual({ inside: names(inside), others }, { inside: NAMES, others: ["001_a.sql", "x.sql"] });
});

Deno.test("chooseListed() passes over what is no migration, and knows paths from the root of a repository", () => {
  const listed = ["README.md", "app/db/migrations/001_a.sql", "app/migrations/002_b.sql", "other/002_b.sql"];
  const { inside, others, noMigrations } = chooseListed(listed, within);
  assert.deepEqual(
    { inside: names(inside), others, noMigrations },
    { inside: NAMES, others: ["other/002_b.sql"], noMigrations: ["README.md"] },
  );
});

Deno.test("listedNames() reads lines, and names that git has quoted or ended with NUL", () => {
  assert.deepEqual(listedNames(""), []);
  assert.deepEqual(listedNames("a b.sql\r\n\n c.sql \n"), ["a b.sql", " c.sql "]);
  assert.deepEqual(listedNames('"m/001_gr\\303\\266\\303\\237e\\t\\"x\\".sql"\n'), ['m/001_größe\t"x".sql']);
  assert.deepEqual(listedNames('"m/001_größe\\\\.sql"'), ["m/001_größe\\.sql"]);
  assert.deepEqual(listedNames('"a"\0b\nc\0'), ['"a"', "b\nc"]);
});
