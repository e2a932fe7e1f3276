import assert from "node:assert/strict";
import { createDirectory } from "./directory.ts";
import { begin, hold, runningBackend } from "./lifecycle.ts";
import { assertDone, createProject, linesOf } from "./pgmigrate.ts";
import { runProgram } from "./program.ts";
import { sharedServer, sharedServers } from "./servers/mod.ts";

const server = await sharedServer("15");

const TABLES = "CREATE TABLE t (a int PRIMARY KEY, b text);\n";

/** A COPY in each of its forms, each of which psql would take. */
const EVERY_FORM = `${TABLES}CREATE TABLE log (n serial, what text);
\\restrict aB3
COPY t (a, b) FROM stdin; INSERT INTO log (what) VALUES ('behind on the line: é');
1	tab\\there, \\N: \\\\N
2	\\N
3	;'"$$ -- /*
\\.
COPY t FROM STDIN WITH (FORMAT csv, HEADER, DELIMITER ';'); COPY log (what) FROM stdin;
a;b
4;"two
lines; ""quoted"""
\\.
from the second on the line 🎉
\\.
COPY t FROM stdin;
\\.
INSERT INTO t SELECT 5, 'COPY t FROM stdin;';
/* COPY t FROM stdin; */ copy
  t from -- stdin;
  stdin
;
6	last
\\.
\\unrestrict aB3
`;

const ROWS = [
  { a: 1, b: "tab\there, N: \\N" },
  { a: 2, b: null },
  { a: 3, b: ";'\"$$ -- /*" },
  { a: 4, b: 'two\nlines; "quoted"' },
  { a: 5, b: "COPY t FROM stdin;" },
  { a: 6, b: "last" },
];

for (const server of await sharedServers()) {
  Deno.test(`failures 17: COPY … FROM stdin takes its data from the lines below it, on server ${server.version}`, async () => {
    const files = {
      "001_data.sql": EVERY_FORM,
      "002_crlf.sql": "\uFEFFCOPY t FROM stdin;\r\n7\tseven\r\n\\.\r\nDELETE FROM t WHERE a < 7;\r\n",
      "003_last.sql": "COPY t FROM stdin CSV;\n8,eight",
    };
    await using project = await createProject(server, { "001_data.sql": EVERY_FORM });
    assertDone(await project.run(["up"]));
    assert.deepEqual(await project.query("SELECT * FROM t ORDER BY a"), ROWS);
    assert.deepEqual(
      (await project.query("SELECT what FROM log ORDER BY n")).map(({ what }) => what),
      [
        "behind on the line: é",
        "from the second on the line 🎉",
      ].toSorted((a, b) => Number(b.startsWith("from")) - Number(a.startsWith("from"))).toReversed(),
    );
    for (const [name, text] of Object.entries(files)) await project.directory.write(name, text);
    const second = await project.run(["up"]);
    assertDone(second);
    assert.match(
      second.stderr,
      /warning: .*line 1 of migrations\/003_last\.sql goes to the end of the file, without a line \\\.\n/,
    );
    assert.deepEqual(await project.query("SELECT * FROM t"), [{ a: 7, b: "seven" }, { a: 8, b: "eight" }]);
    assert.deepEqual(
      await project.query("SELECT version::int, source FROM schema_migrations ORDER BY version"),
      Object.values(files).map((text, index) => ({ version: index + 1, source: text.replace("\uFEFF", "") })),
    );
    assertDone(await project.run(["verify"]));
  });
}

Deno.test("failures 17: a file that is not parsed, and one without a transaction, have their COPY data too", async () => {
  const files = { "001_a.sql": EVERY_FORM, "002_b.sql": "COPY t FROM stdin;\n9\tnine\n\\.\n" };
  for (const [directive, options] of [["", ["--no-parse"]], ["-- pgmigrate: no-transaction\n", []]] as const) {
    await using project = await createProject(server, { ...files, "001_a.sql": directive + EVERY_FORM });
    assertDone(await project.run(["up", ...options]));
    assert.deepEqual(await project.query("SELECT * FROM t ORDER BY a"), [...ROWS, { a: 9, b: "nine" }]);
    assert.deepEqual(await project.applied(), ["1", "2"]);
  }
});

Deno.test("failures 17: COPY … FROM stdin works on the embedded database", async () => {
  await using directory = await createDirectory({
    "001_a.sql": EVERY_FORM,
    "002_b.sql": `COPY t FROM stdin;\n${"x".repeat(10)}\n\\.\n`,
  });
  const run = (...args: readonly string[]) =>
    runProgram(args, { cwd: directory.path, env: { DATABASE_URL: "embedded:data/db" } });
  const { code, stderr } = await run("up");
  assert.equal(code, 1, stderr);
  assert.match(stderr, /migrations\/002_b\.sql:2:1\n/);
  const large = Array.from({ length: 400_000 }, (_, index) => `${index + 100}\t${"y".repeat(20)}\n`).join("");
  const check = "DO $$ BEGIN ASSERT (SELECT count(*) FROM t) = 400006; END $$;\n";
  await directory.write("002_b.sql", `COPY t FROM stdin;\n${large}\\.\n${check}`);
  assertDone(await run("up"));
});

/** Where a file fails that has the text below two tables, of which the first line is line 3. */
async function failureIn(text: string): Promise<Readonly<Record<string, unknown>>> {
  await using project = await createProject(server, { "001_a.sql": `${TABLES}CREATE TABLE kept ();\n${text}` });
  const { code, stdout } = await project.run(["up", "--json"]);
  assert.equal(code, 1, stdout);
  assert.deepEqual(await project.query("SELECT to_regclass('kept') AS kept"), [{ kept: null }]);
  const [error, ...others] = linesOf(stdout, "error");
  assert.deepEqual(others, []);
  return error!;
}

Deno.test("failures 17: a mistake in the data is shown at its line and column", async () => {
  const cases: readonly (readonly [string, number, number, string, string])[] = [
    ["COPY t (b, a) FROM stdin;\nok\t1\né🎉\tx\n\\.\n", 5, 4, "22P02", "é🎉\tx"],
    ["COPY t FROM stdin;\n1\ty\nx1\ty\n\\.\n", 5, 1, "22P02", "x1\ty"],
    ["COPY t FROM stdin;\n1\tx\\\ny\n2\n\\.\n", 6, 1, "22P04", "2"],
    ["COPY t FROM stdin;\n1\tx\n2\tx\n1\ty\n\\.\nSELECT 1;\n", 6, 1, "23505", "1\ty"],
    ['COPY t (b, a) FROM stdin CSV;\n"a,\nb",1\n"c,d",x\n\\.\n', 6, 7, "22P02", '"c,d",x'],
    ["COPY t FROM stdin;\r\n1\ta\r\nx\tb\r\n\\.\r\n", 5, 1, "22P02", "x\tb"],
    [
      "COPY t FROM stdin;\n1\tx\n\\.\nCOPY t FROM stdin; COPY t FROM stdin;\n2\tx\n\\.\n3\tx\n4\tx\ty\n\\.\n",
      10,
      1,
      "22P04",
      "4\tx\ty",
    ],
  ];
  for (const [text, line, column, sqlstate, sourceLine] of cases) {
    const error = await failureIn(text);
    assert.deepEqual(
      [error.line, error.column, error.sqlstate, error.source_line],
      [line, column, sqlstate, sourceLine],
      text,
    );
    assert.match(String(error.where), /^COPY t, line /);
  }
});

Deno.test("failures 17: a mistake in SQL below data is shown at its line, and so is one of a COPY itself", async () => {
  const data = "COPY t FROM stdin;\n1\tx\n2\ty\n\\.\n";
  const cases: readonly (readonly [string, number, number])[] = [
    [`${data}SELECT 1,\n  nonsense;\n`, 8, 3],
    [`${data}SELECT 1;\nINSERT INTO t VALUES (1, 'é');\n`, 8, 1],
    [`${data}SELECT 'é', nonsense; COPY t FROM stdin;\n3\tx\n\\.\n`, 7, 13],
    [`${data}COPY nosuch FROM stdin;\n1\n\\.\n`, 7, 1],
    [`${data}SELECT 1;\nselec;\n`, 8, 1],
    [`${data}COMMIT;\n`, 7, 1],
  ];
  for (const [text, line, column] of cases) {
    const error = await failureIn(text);
    assert.deepEqual([error.file, error.line, error.column], ["migrations/001_a.sql", line, column], text);
  }
});

Deno.test("failures 17: what psql would do by itself, and what has nowhere to go, is refused with its line", async () => {
  const cases: readonly (readonly [string, string, number, RegExp])[] = [
    ["\\set x 1\n", "psql-command", 3, /Write the values out/],
    ["SELECT 1;\n  \\i other.sql\n", "psql-command", 4, /migration of its own/],
    ["\\copy t from 'file'\n", "psql-command", 3, /COPY … FROM stdin/],
    ["\\connect other\n", "psql-command", 3, /--create/],
    ["COPY t FROM stdin;\n1\tx\n\\.\n\\.\n", "psql-command", 6, /none stands above it/],
    ["SELECT 1 \\ 2;\n", "syntax-error", 3, /^$/],
    ["COPY t TO stdout;\n", "copy-to-stdout", 3, /psql/],
    ["SELECT 1;\nCOPY t FROM stdin (FORMAT binary);\n1\n\\.\n", "copy-binary", 4, /text or csv/],
    ["DO $$\nBEGIN\n  COPY t FROM stdin;\nEND $$;\n", "migration-failed", 3, /^$/],
    [
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'COPY t FROM stdin; SELECT 1';\nSELECT f();\n",
      "migration-failed",
      4,
      /^$/,
    ],
    ["SET client_encoding = 'LATIN1';\nCOPY t FROM stdin;\n1\té\n\\.\n", "client-encoding", 3, /UTF8/],
  ];
  for (const [text, code, line, hint] of cases) {
    const error = await failureIn(text);
    assert.deepEqual([error.code, error.line], [code, line], JSON.stringify([text, error]));
    if (hint.source !== "^$") assert.match(String(error.hint), hint);
  }
  for (const line of ["\\set x 1", "  \\i other.sql", "SELECT 'é😀' \\g", "SELECT 1 \\ 2;"]) {
    assert.equal((await failureIn(`${line}\n`)).source_line, line);
  }
});

Deno.test("failures 17: an encoding that is set where only ASCII follows does no harm, nor SQL_ASCII", async () => {
  await using project = await createProject(server, {
    "001_a.sql": `${TABLES}-- é\nSET client_encoding = 'LATIN1';\nCOPY t FROM stdin;\n1\tx\n\\.\n`,
    "002_b.sql": "SET client_encoding = 'SQL_ASCII';\nCOPY t FROM stdin;\n2\té\n\\.\nRESET client_encoding;\n",
  });
  assertDone(await project.run(["up"]));
  assert.deepEqual(await project.query("SELECT * FROM t ORDER BY a"), [{ a: 1, b: "x" }, { a: 2, b: "é" }]);
});

Deno.test("failures 17: a large file is read in pieces: UTF-8 and NUL are checked, edits found, and its SQL is run", async () => {
  const rows = Array.from({ length: 700_000 }, (_, index) => `${index}\t${"é".repeat(12)}\n`).join("");
  const text = `-- pgmigrate: no-transaction\n${TABLES}COPY t FROM stdin;\n${rows}\\.\nVACUUM t;\n`;
  const bytes = new TextEncoder().encode(text);
  assert.ok(bytes.length > 20_000_000);
  await using project = await createProject(server, { "001_large.sql": text });
  assertDone(await project.run(["up"]));
  assert.deepEqual(await project.query("SELECT count(*)::int, sum(length(b))::int FROM t"), [
    { count: 700_000, sum: 8_400_000 },
  ]);
  assert.deepEqual(await project.query("SELECT source FROM schema_migrations"), [{ source: null }]);
  assertDone(await project.run(["verify"]));
  await project.directory.write("001_large.sql", text.replaceAll("\n", "\r\n"));
  assertDone(await project.run(["verify"]));
  await project.directory.write("001_large.sql", text.replace("VACUUM", "ANALYZE"));
  assert.equal((await project.run(["verify"])).code, 3);
  const at = bytes.indexOf(10, 20_000_000);
  for (const [byte, what] of [[0, "holds a NUL byte"], [0xff, "is not UTF-8: invalid byte"]] as const) {
    const wrong = bytes.slice();
    wrong[at] = byte;
    await project.directory.write("001_large.sql", wrong);
    const { code, stderr } = await project.run(["status"]);
    assert.equal(code, 2);
    assert.ok(stderr.includes(what) && stderr.includes(`offset ${at}\n`), stderr);
  }
});

Deno.test({
  name: "failures 17: the data of a COPY takes no memory: 150 MB of it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const row = `${"x".repeat(999)}\n`;
    const data = row.repeat(150_000);
    await using project = await createProject(server, {
      "001_a.sql":
        `CREATE UNLOGGED TABLE u (t text);\nCOPY u FROM stdin;\n${data}\\.\nSELECT pg_advisory_xact_lock(18);\n`,
    });
    await using other = await hold(project, "SELECT pg_advisory_xact_lock(18)");
    await using run = begin(project, ["up"]);
    await runningBackend(project, "pg_advisory_xact_lock(18)", "Lock");
    const { stdout } = await new Deno.Command("cat", { args: [`/proc/${run.process.pid}/status`] }).output();
    const kilobytes = Number(/VmHWM:\s*(\d+)/.exec(new TextDecoder().decode(stdout))![1]);
    await other.release();
    assertDone(await run.ended());
    assert.deepEqual(await project.query("SELECT count(*)::int FROM u"), [{ count: 150_000 }]);
    assert.ok(kilobytes < 300_000, `${kilobytes} kB`);
  },
});
