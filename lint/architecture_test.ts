import assert from "node:assert/strict";
import architecture from "./architecture.ts";

/** The messages for a file of this path and text. */
function messages(path: string, source: string): string[] {
  return Deno.lint.runPlugin(architecture, path, source).map(({ id, message }) => `${id}: ${message}`);
}

const UPWARDS: readonly (readonly [path: string, source: string, message: string])[] = [
  ["src/sql/parser.ts", 'import { x } from "../database/sql.ts";', "sql may not import from database"],
  ["src/output/text.ts", 'import type { X } from "../run/up.ts";', "output may not import from run"],
  ["src/migration/deep/er.ts", 'export * from "../../cli/help.ts";', "migration may not import from cli"],
  ["src/history/a.ts", 'export { a } from "../database/tracker.ts";', "history may not import from database"],
  ["src/run/up.ts", 'const x = await import("../cli/help.ts");', "run may not import from cli"],
  ["src/errors/sql.ts", 'import type { Event } from "../events.ts";', "errors may not import from events"],
  ["main.ts", 'import { up } from "./src/run/up.ts";', "main may not import from run"],
  ["src/cli/run_cli.ts", 'import "../../main.ts";', "cli may not import from main"],
];

for (const [path, source, message] of UPWARDS) {
  Deno.test(`architecture/imports refuses ${source} in ${path}`, () => {
    assert.deepEqual(messages(`/clone/${path}`, source), [`architecture/imports: ${message}`]);
  });
}

const ALLOWED: readonly (readonly [path: string, source: string])[] = [
  ["main.ts", 'import { runCli } from "./src/cli/run_cli.ts";'],
  ["src/cli/commands/up.ts", 'import { up } from "../../run/up.ts"; import { o } from "../option.ts";'],
  ["src/run/up.ts", 'import { parse } from "../sql/parser.ts"; import { Failure } from "../errors/failure.ts";'],
  ["src/database/connect.ts", 'import postgres from "postgres"; const x = await import("@electric-sql/pglite");'],
  ["src/cli/program_version.ts", 'import c from "../../deno.json" with { type: "json" };'],
  ["src/sql/parser_test.ts", 'import { x } from "../run/up.ts"; console.log(Deno.env.get("X"));'],
  ["src/output/text.ts", "console.log(1);"],
  ["main.ts", "Deno.exit(await f(Deno.args, Deno.env.toObject()));"],
  ["scripts/compile.ts", 'console.log(Deno.args); import postgres from "postgres";'],
  ["src/run/up.ts", "const env = { exit: 1 }; process.console = env.exit;"],
];

for (const [path, source] of ALLOWED) {
  Deno.test(`architecture allows ${source} in ${path}`, () => {
    assert.deepEqual(messages(`/clone/${path}`, source), []);
  });
}

Deno.test("architecture/driver keeps drivers in src/database", () => {
  assert.deepEqual(messages("/clone/src/run/up.ts", 'import postgres from "postgres";'), [
    "architecture/driver: Only src/database may import postgres",
  ]);
  assert.deepEqual(messages("/clone/src/run/up.ts", 'await import("npm:@electric-sql/pglite/contrib/citext");'), [
    "architecture/driver: Only src/database may import npm:@electric-sql/pglite/contrib/citext",
  ]);
});

Deno.test("architecture keeps the process in main.ts and printing in src/output", () => {
  assert.deepEqual(messages("/clone/src/run/up.ts", "Deno.exit(1); console.error(Deno.env.get('A'), Deno.args);"), [
    "architecture/exit: Only main.ts may call Deno.exit",
    "architecture/console: Only src/output may print",
    "architecture/process: Only main.ts may read Deno.env",
    "architecture/process: Only main.ts may read Deno.args",
  ]);
  assert.deepEqual(messages("/clone/scripts/demo.ts", "Deno.exit(1);"), [
    "architecture/exit: Only main.ts may call Deno.exit",
  ]);
});

Deno.test("architecture is not misled by a clone inside another src", () => {
  assert.deepEqual(messages("/home/me/src/pgmigrate/scripts/demo.ts", "console.log(Deno.args);"), []);
  assert.deepEqual(messages("/home/me/src/pgmigrate/src/sql/a.ts", 'import "../run/up.ts";'), [
    "architecture/imports: sql may not import from run",
  ]);
});

Deno.test("architecture reads Windows paths", () => {
  assert.deepEqual(messages("C:\\clone\\src\\sql\\parser.ts", 'import "../run/up.ts";'), [
    "architecture/imports: sql may not import from run",
  ]);
});

Deno.test("architecture/sql refuses values in SQL but those that the tag quotes", () => {
  const refused = "architecture/sql: A value in SQL that is not quoted";
  const cases: readonly (readonly [source: string, found: number])[] = [
    ["await session.query(`SELECT ${x}`);", 1],
    ["const steps = [`SET LOCAL lock_timeout = ${ms}`, `\n  DELETE FROM t WHERE v = ${v}`];", 2],
    ['const text = "SELECT * FROM " + table + " WHERE x";', 1],
    ['const text = "SELECT " + "1" + (", " + x);', 1],
    ["const part = new Sql(name);", 1],
    ["await session.query(sql`SELECT ${x}`.text);", 0],
    ["const fixed = `SELECT 1`; const more = 'SELECT 1, ' + '2';", 0],
    ["const sentence = `The table ${name} is not there`; const update = `Updated ${n} rows`;", 0],
    ["const total = 1 + 2;", 0],
  ];
  for (const [source, found] of cases) {
    for (const path of ["src/database/tracker.ts", "src/run/up.ts"]) {
      assert.deepEqual(messages(`/clone/${path}`, source), Array(found).fill(refused), source);
    }
    for (const path of ["src/database/sql.ts", "src/output/text.ts", "src/database/tracker_test.ts"]) {
      assert.deepEqual(messages(`/clone/${path}`, source), [], source);
    }
  }
});
