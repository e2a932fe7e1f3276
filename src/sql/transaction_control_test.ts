import assert from "node:assert/strict";
import type { Failure } from "../errors/failure.ts";
import { parse, type Statement } from "./parser.ts";
import { inOneTransaction, oneByOne } from "./transaction_control.ts";

async function parsed(text: string): Promise<readonly Statement[]> {
  const outcome = await parse(text);
  assert.equal(outcome.kind, "statements", `${text}: ${JSON.stringify(outcome)}`);
  return outcome.kind === "statements" ? outcome.statements : [];
}

async function sent(text: string): Promise<string> {
  const outcome = inOneTransaction({ path: "1_a.sql", text }, await parsed(text));
  assert.equal(outcome.kind, "one-message", `${text}: ${outcome.kind === "refused" ? outcome.failure.message : ""}`);
  return outcome.kind === "one-message" ? outcome.text : "";
}

async function refused(text: string): Promise<Failure> {
  const outcome = inOneTransaction({ path: "1_a.sql", text }, await parsed(text));
  assert.equal(outcome.kind, "refused", text);
  return (outcome as Extract<typeof outcome, { kind: "refused" }>).failure;
}

async function stepwise(text: string): Promise<ReturnType<typeof oneByOne>> {
  return oneByOne({ path: "1_a.sql", text }, await parsed(text));
}

Deno.test("inOneTransaction() sends a file without transaction control as it is", async () => {
  for (const text of ["", "-- x", "select 1;\r\nselect 2", "savepoint a; select 1; rollback to a; release a;"]) {
    assert.equal(await sent(text), text);
  }
});

Deno.test("inOneTransaction() blanks out one pair around everything, and keeps every position", async () => {
  assert.equal(await sent("-- é\nBEGIN;\nselect 1;\nCOMMIT;\n"), "-- é\n     ;\nselect 1;\n      ;\n");
  assert.equal(
    await sent("start\r\n/*𝒳*/transaction;select 1;end transaction"),
    "     \r\n                ;select 1;               ",
  );
  assert.equal(await sent("begin work; commit work"), "          ;            ");
});

Deno.test("inOneTransaction() leaves the pair out of the statements that the server counts", async () => {
  const text = "begin; savepoint a; select 1; commit;";
  const outcome = inOneTransaction({ path: "1_a.sql", text }, await parsed(text));
  assert.ok(outcome.kind === "one-message");
  assert.deepEqual(outcome.statements.map((statement) => statement.text), ["savepoint a", "select 1"]);
});

Deno.test("inOneTransaction() takes options that say what its transaction has anyway", async () => {
  const text = "begin isolation level read committed, read write, not deferrable; select 1; commit";
  assert.equal((await sent(text)).trim(), "; select 1;");
  assert.equal((await sent("start transaction isolation level read uncommitted; select 1; end")).trim(), "; select 1;");
});

Deno.test("inOneTransaction() refuses options that it cannot honour", async () => {
  for (
    const options of ["isolation level serializable", "isolation level repeatable read", "read only", "deferrable"]
  ) {
    const failure = await refused(`-- x\n begin ${options}; select 1; commit`);
    assert.equal(failure.code, "transaction-options");
    assert.equal(failure.message, `pgmigrate cannot run a file as begin ${options}`);
    assert.deepEqual([failure.details.place?.line, failure.details.place?.column], [2, 2]);
  }
});

Deno.test("inOneTransaction() refuses every other transaction control, with its place", async () => {
  const cases: readonly (readonly [text: string, line: number, words: string])[] = [
    ["select 1;\ncommit;\nselect 2;", 2, "COMMIT"],
    ["begin;\nselect 1;", 1, "BEGIN"],
    ["select 1;\nbegin;\nselect 2;\ncommit;", 2, "BEGIN"],
    ["begin;\nselect 1;\ncommit;\nbegin;\nselect 2;\ncommit;", 3, "COMMIT"],
    ["begin; begin;\ncommit; commit", 1, "BEGIN"],
    ["begin;\nselect 1;\nrollback;", 1, "BEGIN"],
    ["begin;\nselect 1;\ncommit and chain;", 1, "BEGIN"],
    ["begin", 1, "BEGIN"],
    ["commit", 1, "COMMIT"],
    ["\nabort", 2, "ABORT"],
    ["\n\nend /* a; */ work -- b\n", 3, "END WORK"],
    ["commit;\nselect 1;\nbegin;", 1, "COMMIT"],
  ];
  for (const [text, line, words] of cases) {
    const failure = await refused(text);
    assert.equal(failure.code, "transaction-control", text);
    assert.equal(failure.exitCode, 1);
    assert.equal(failure.details.place?.line, line, text);
    assert.ok(failure.message.startsWith(`${words} would`), failure.message);
    assert.match(failure.details.hint ?? "", /no-transaction/);
  }
});

Deno.test("inOneTransaction() does not take BEGIN in bodies and strings for transaction control", async () => {
  for (
    const text of [
      "create function f() returns int begin atomic select 1; end",
      "do $$ begin commit; end $$",
      "select 'begin; commit;' -- commit;",
      "create procedure p() language plpgsql as $$ begin commit; end $$",
    ]
  ) assert.equal(await sent(text), text);
});

Deno.test("inOneTransaction() refuses two-phase commit", async () => {
  assert.equal((await refused("select 1; prepare transaction 'a'")).code, "prepared-transaction");
  assert.equal((await refused("commit prepared 'a'")).code, "needs-no-transaction");
  assert.equal((await refused("begin; select 1; rollback prepared 'a'; commit")).code, "needs-no-transaction");
});

Deno.test("inOneTransaction() refuses what cannot run in a transaction, also inside its own pair", async () => {
  const failure = await refused("begin;\n  create index concurrently on t (a);\ncommit;");
  assert.equal(failure.code, "needs-no-transaction");
  assert.equal(failure.message, "CREATE INDEX CONCURRENTLY cannot run inside a transaction");
  assert.deepEqual(failure.details.place, {
    file: "1_a.sql",
    line: 2,
    column: 3,
    sourceLine: "  create index concurrently on t (a);",
  });
  assert.equal(
    failure.details.hint,
    "Make `-- pgmigrate: no-transaction` the first line of the file, and take its BEGIN and COMMIT out",
  );
});

Deno.test("inOneTransaction() advises to split a file of which only one statement cannot run in a transaction", async () => {
  const alone = await refused("vacuum");
  assert.equal(alone.details.hint, "Make `-- pgmigrate: no-transaction` the first line of the file");
  const mixed = await refused("create table t ();\ncreate index concurrently on t (a);\nselect 1;");
  assert.match(
    mixed.details.hint ?? "",
    /^Put it into a file of its own, .* all 2 other statements\. Or make it .* this file$/,
  );
});

Deno.test("inOneTransaction() and oneByOne() refuse COPY to the client, and no other COPY", async () => {
  for (const text of ["copy t to stdout", "copy (select 1) to stdin with (format csv)"]) {
    assert.equal((await refused(text)).code, "copy-to-stdout");
    const outcome = await stepwise(text);
    assert.equal(outcome.kind === "refused" && outcome.failure.code, "copy-to-stdout");
  }
  for (const text of ["copy t from stdin", "copy t from '/a'", "copy t to '/a'", "copy t from program 'cat'"]) {
    await sent(text);
  }
});

Deno.test("oneByOne() takes statements one by one, with a checkpoint wherever no transaction is open", async () => {
  const outcome = await stepwise("select 1; begin; select 2; rollback and chain; select 3; commit; vacuum; begin; end");
  assert.ok(outcome.kind === "many-messages");
  assert.deepEqual(outcome.steps.map(({ statement, checkpoint }) => `${statement.text} ${checkpoint}`), [
    "select 1 true",
    "begin false",
    "select 2 false",
    "rollback and chain false",
    "select 3 false",
    "commit true",
    "vacuum true",
    "begin false",
    "end true",
  ]);
});

Deno.test("oneByOne() refuses a file that ends inside a transaction it began", async () => {
  for (const text of ["select 1;\nbegin;\nselect 2", "vacuum;\nbegin; select 1; rollback and chain;"]) {
    const outcome = await stepwise(text);
    assert.ok(outcome.kind === "refused");
    assert.equal(outcome.failure.code, "transaction-left-open");
    assert.equal(outcome.failure.details.place?.line, 2);
  }
});

Deno.test("oneByOne() refuses COMMIT AND CHAIN, behind which the file could not be gone on with", async () => {
  const outcome = await stepwise("begin;\nselect 1;\ncommit and chain;\nselect 2;\nend");
  assert.ok(outcome.kind === "refused");
  assert.deepEqual([outcome.failure.code, outcome.failure.details.place?.line], ["transaction-control", 3]);
});

Deno.test("oneByOne() refuses PREPARE TRANSACTION and takes COMMIT PREPARED", async () => {
  const refusal = await stepwise("begin; select 1; prepare transaction 'a'");
  assert.equal(refusal.kind === "refused" && refusal.failure.code, "prepared-transaction");
  assert.equal((await stepwise("commit prepared 'a'")).kind, "many-messages");
});

Deno.test("oneByOne() gives no step for a file without statements", async () => {
  assert.deepEqual(await stepwise("-- pgmigrate: no-transaction\n"), { kind: "many-messages", steps: [] });
});

Deno.test("inOneTransaction() takes the blocks in which pg_dump writes large objects for a part of its own transaction", async () => {
  const block = "BEGIN;\n\nSELECT pg_catalog.lo_open('1', 131072);\nSELECT pg_catalog.lowrite(0, '\\x00');\n" +
    "SELECT pg_catalog.lo_close(0);\n\nCOMMIT;\n";
  const text = await sent(`select 1;\n${block}${block}select 2;\n`);
  assert.equal(text.includes("BEGIN") || text.includes("COMMIT"), false);
  assert.equal(text.length, `select 1;\n${block}${block}select 2;\n`.length);
  for (
    const other of [
      block.replace("lo_close(0)", "lo_unlink(1)"),
      block.replace("pg_catalog.lo_open", "lo_open"),
      block.replace("BEGIN", "BEGIN READ ONLY"),
      block.replace("COMMIT", "ROLLBACK"),
      block.replace("COMMIT;", ""),
    ]
  ) assert.equal((await refused(`select 1;\n${other}select 2;\n`)).code, "transaction-control", other);
});
