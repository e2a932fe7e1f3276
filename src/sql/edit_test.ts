import assert from "node:assert/strict";
import { describeEdit } from "./edit.ts";

async function kind(applied: string, now: string): Promise<string> {
  return (await describeEdit(applied, now)).kind;
}

const SAME: readonly (readonly [what: string, applied: string, now: string])[] = [
  ["a comment", "select 1; -- one", "select 1; -- uno\n/* é */"],
  ["a directive for lint", "select 1", "-- pgmigrate: ignore=drop-column because\nselect 1"],
  ["white space", "create table t (id int);", "create table t (\r\n  id int\r\n);\r\n"],
  ["the case of a keyword", "select 1", "SELECT 1"],
  ["the case of an identifier without quotes", "select A from T", "select a from t"],
  ["an empty statement", "select 1;", ";select 1;;"],
  ["non-ASCII comments that move locations", "/* 𝒳é */ select a, b", "select a,   b"],
  ["line ends, in a literal too, as in the checksum", "select 'a\r\nb'", "select 'a\nb' -- x"],
];

const DIFFERENT: readonly (readonly [what: string, applied: string, now: string])[] = [
  ["a literal", "select 1", "select 2"],
  ["a literal to 0, which the parser leaves out of its tree", "select 1", "select 0"],
  ["a string literal", "insert into t values ('a')", "insert into t values ('b')"],
  ["white space in a string literal", "select 'a b'", "select 'a  b'"],
  ["white space in a dollar-quoted body", "do $$ begin end $$", "do $$ begin  end $$"],
  ["a comment in a dollar-quoted body", "do $$ begin -- a\nend $$", "do $$ begin -- b\nend $$"],
  ["the case of an identifier in quotes", 'select "A"', 'select "a"'],
  ["a type", "alter table t add c text", "alter table t add c varchar"],
  ["a statement more", "select 1", "select 1; select 1"],
  ["a statement commented out", "select 1; select 2;", "select 1; -- select 2;"],
  ["the order of statements", "select 1; select 2", "select 2; select 1"],
  ["the directory of a tablespace", "create tablespace s location '/a'", "create tablespace s location '/b'"],
  ["a directive", "select 1", "-- pgmigrate: no-transaction\nselect 1"],
  ["a directive taken out", "--pgmigrate : no-transaction\n\nselect 1", "-- no-transaction\n\nselect 1"],
];

for (const [what, applied, now] of SAME) {
  Deno.test(`describeEdit() calls it comments or white space: ${what}`, async () => {
    assert.equal(await kind(applied, now), "comments-or-white-space");
    assert.equal(await kind(now, applied), "comments-or-white-space");
  });
}

for (const [what, applied, now] of DIFFERENT) {
  Deno.test(`describeEdit() calls it SQL: ${what}`, async () => {
    assert.equal(await kind(applied, now), "sql");
    assert.equal(await kind(now, applied), "sql");
  });
}

Deno.test("describeEdit() knows nothing where the applied text was not kept", async () => {
  assert.deepEqual(await describeEdit(null, "select 1"), { kind: "unknown", lines: [] });
});

const COPY = "copy t from stdin;\n1\té\n\\.\nselect 1;\n";

Deno.test("describeEdit() tells the data of COPY from the SQL around it", async () => {
  assert.equal(await kind(COPY, COPY.replace("é", "è")), "data");
  assert.equal(await kind(COPY, COPY.replace("1\té\n", "")), "data");
  assert.equal(await kind(COPY, `-- rows\n${COPY}`), "comments-or-white-space");
  assert.equal(await kind(COPY, COPY.replaceAll("\n", "\r\n")), "comments-or-white-space");
  assert.equal(await kind(COPY, COPY.replace("select 1", "select 2")), "sql");
  assert.equal(await kind(COPY, COPY.replace("é", "è").replace("select 1", "select 2")), "sql");
  const two = "copy t from stdin;\n1\n2\n\\.\ncopy t from stdin;\n3\n\\.\n";
  assert.equal(await kind(two, "copy t from stdin;\n1\n\\.\ncopy t from stdin;\n2\n3\n\\.\n"), "data");
  assert.equal(await kind(COPY, COPY.replace("1\té", "-- pgmigrate: no-transaction")), "data");
});

Deno.test("describeEdit() cannot judge where neither side can be parsed, and where the file is too large", async () => {
  assert.equal(await kind("selec 1", "selec 2"), "unparsed");
  assert.deepEqual(await describeEdit("select 1", null), { kind: "unparsed", lines: [] });
});

Deno.test("describeEdit() judges data beside SQL that cannot be parsed", async () => {
  const broken = COPY.replace("select", "selec");
  assert.equal(await kind(broken, broken.replace("é", "è")), "data");
});

Deno.test("describeEdit() calls it SQL where only one side can be parsed", async () => {
  assert.deepEqual(await describeEdit("select 1", "selec 1"), {
    kind: "sql",
    lines: [{ kind: "removed", text: "select 1" }, { kind: "added", text: "selec 1" }],
  });
});

Deno.test("describeEdit() gives the lines that changed and no others", async () => {
  const applied = "create table t (\n  a int,\n  b int\n);\n";
  assert.deepEqual(
    (await describeEdit(applied, "create table t (\r\n  a int,\r\n  b text,\r\n  c int\r\n);\r\n")).lines,
    [
      { kind: "removed", text: "  b int" },
      { kind: "added", text: "  b text," },
      { kind: "added", text: "  c int" },
    ],
  );
});

Deno.test("describeEdit() gives all between the same ends of texts that differ too much", async () => {
  const lines = (name: string) => Array.from({ length: 1500 }, (_, number) => `select '${name}${number}';`);
  const text = (name: string) => ["-- first", ...lines(name), "-- last"].join("\n");
  const { kind, lines: changed } = await describeEdit(text("a"), text("b"));
  assert.equal(kind, "sql");
  assert.deepEqual(changed.map(({ text }) => text), [...lines("a"), ...lines("b")]);
});
