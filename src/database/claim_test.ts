import assert from "node:assert/strict";
import type { Migration } from "../migration/migration.ts";
import { claim, dropClaim, keptSource, moveClaim, noteProgress, waysOut } from "./claim.ts";
import type { Row, Session } from "./session.ts";
import { identifier, sql } from "./sql.ts";

const TABLES = {
  applied: sql`${identifier("s")}.${identifier("t")}`,
  unfinished: sql`${identifier("s")}.${identifier("t_unfinished")}`,
};

const MIGRATION: Migration = {
  version: 9007199254740993n,
  name: "9007199254740993_it's.sql",
  path: "m/9007199254740993_it's.sql",
  checksum: "c0ffee",
  text: "SELECT 'a\\b';\n",
  directives: { noTransaction: false },
};

/** A session that notes what it is sent and answers with these rows. */
function sessionWith(rows: readonly Row[]): { readonly session: Session; readonly sent: string[] } {
  const sent: string[] = [];
  const session = {
    query(text: string) {
      sent.push(text);
      return Promise.resolve(rows);
    },
  };
  return { session: session as unknown as Session, sent };
}

const oneLine = (text: string) => text.trim().replaceAll(/\s+/g, " ");

Deno.test("keptSource() keeps a text of 1 MiB, in bytes of UTF-8, and none above", () => {
  const MIB = 1024 * 1024;
  for (const text of ["", "é", "a".repeat(MIB), "é".repeat(MIB / 2)]) assert.equal(keptSource(text), text);
  assert.equal(keptSource("a".repeat(MIB + 1)), null);
  assert.equal(keptSource("é".repeat(MIB / 2) + "a"), null);
});

Deno.test("claim() sends one message, what comes before included, and gives the transaction's id", async () => {
  const { session, sent } = sessionWith([{ xact: "731" }]);
  const xact = await claim(session, TABLES, { migration: MIGRATION, before: ["BEGIN", "SET LOCAL a = 1"] });
  assert.equal(xact, "731");
  assert.equal(sent.length, 1);
  const [message] = sent.map(oneLine);
  assert.match(message!, /^BEGIN; SET LOCAL a = 1; INSERT INTO "s"."t_unfinished" .* RETURNING xact$/);
  assert.ok(
    message!.includes(`9007199254740993, '9007199254740993_it''s.sql', 'c0ffee', E'SELECT ''a\\\\b''; '`),
    message,
  );
});

Deno.test("claim() gives null for a version that the tracker has as applied", async () => {
  assert.equal(await claim(sessionWith([]).session, TABLES, { migration: MIGRATION, before: [] }), null);
});

Deno.test("claim() keeps no text above 1 MiB", async () => {
  const { session, sent } = sessionWith([{ xact: "731" }]);
  await claim(session, TABLES, { migration: { ...MIGRATION, text: "-- ".repeat(1024 * 1024) }, before: [] });
  assert.match(sent[0]!, /'c0ffee', NULL\b/);
});

Deno.test("claim() sends what comes after in the same message", async () => {
  const { session, sent } = sessionWith([{ xact: "731" }]);
  assert.equal(await claim(session, TABLES, { migration: MIGRATION, before: ["BEGIN"], after: ["COMMIT"] }), "731");
  assert.match(sent[0]!, /^BEGIN; [^]* RETURNING xact; COMMIT$/);
});

Deno.test("moveClaim() moves the claim of a version, or only that of the transaction that made it", () => {
  const own = oneLine(moveClaim(TABLES, { version: 7n, xact: "731" }, 12.6).text);
  assert.match(own, /DELETE FROM "s"."t_unfinished" WHERE version = 7 AND xact = '731' RETURNING/);
  assert.match(own, /INSERT INTO "s"."t" .* checksum, 13, CURRENT_USER, source FROM ended RETURNING version$/);
  const any = oneLine(moveClaim(TABLES, { version: 7n }, null).text);
  assert.match(any, /WHERE version = 7 RETURNING/);
  assert.match(any, /checksum, NULL, CURRENT_USER/);
});

Deno.test("moveClaim() is ASCII whatever the tracker is called, for the file may have set another client_encoding", () => {
  const tables = { applied: identifier("größe"), unfinished: identifier("größe_unfinished") };
  // deno-lint-ignore no-control-regex
  assert.match(moveClaim(tables, { version: 7n, xact: "731" }, 1).text, /^[\x00-\x7f]*$/);
});

Deno.test("noteProgress() and dropClaim() touch the claim of one version, or only that of one transaction", () => {
  const of = { version: 7n, xact: "731" };
  assert.equal(
    noteProgress(TABLES, { version: 7n }, 3).text,
    `UPDATE "s"."t_unfinished" SET statement = 3 WHERE version = 7`,
  );
  assert.match(noteProgress(TABLES, of, 3).text, / WHERE version = 7 AND xact = '731'$/);
  assert.equal(dropClaim(TABLES, { version: 7n }).text, `DELETE FROM "s"."t_unfinished" WHERE version = 7`);
  assert.match(dropClaim(TABLES, of).text, / WHERE version = 7 AND xact = '731'$/);
});

Deno.test("waysOut() gives two statements, each on one line and ended", () => {
  const { forget, record } = waysOut(TABLES, 7n);
  assert.equal(forget, `DELETE FROM "s"."t_unfinished" WHERE version = 7;`);
  assert.match(record, /^WITH ended AS \(DELETE FROM "s"\."t_unfinished" WHERE version = 7 .* RETURNING version;$/);
});

Deno.test("waysOut() leaves the names of the tables as they are, white space included", () => {
  const tables = { applied: identifier("a  b"), unfinished: identifier("a  b_unfinished") };
  const { forget, record } = waysOut(tables, 7n);
  assert.equal(forget, `DELETE FROM "a  b_unfinished" WHERE version = 7;`);
  assert.ok(record.includes(`INSERT INTO "a  b" `), record);
});
