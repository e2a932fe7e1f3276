import assert from "node:assert/strict";
import type { Migration } from "../migration/migration.ts";
import { claim, claimOrRaise, dropClaim, keptSource, moveClaim, moveOrRaise } from "./claim.ts";
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
  assert.match(
    own,
    /DELETE FROM "s"."t_unfinished" WHERE version OPERATOR\(pg_catalog\.=\) 7 AND xact OPERATOR\(pg_catalog\.=\) '731' RETURNING/,
  );
  assert.match(own, /INSERT INTO "s"."t" .* checksum, 13, CURRENT_USER, source FROM ended RETURNING version$/);
  const any = oneLine(moveClaim(TABLES, { version: 7n }, null).text);
  assert.match(any, /WHERE version OPERATOR\(pg_catalog\.=\) 7 RETURNING/);
  assert.match(any, /checksum, NULL, CURRENT_USER/);
});

Deno.test("claimOrRaise() needs the migration not to be applied, and the one before it to be where that is asked", () => {
  const alone = oneLine(claimOrRaise(TABLES, { migration: MIGRATION, after: null }).text);
  assert.match(
    alone,
    /WHERE NOT EXISTS \(SELECT FROM "s"\."t" WHERE version OPERATOR\(pg_catalog\.=\) 9007199254740993\) RETURNING xact\)/,
  );
  const behind = oneLine(claimOrRaise(TABLES, { migration: MIGRATION, after: 7n }).text);
  assert.match(
    behind,
    / AND EXISTS \(SELECT FROM "s"\."t" WHERE version OPERATOR\(pg_catalog\.=\) 7\) AND pg_catalog\.current_setting\('pgmigrate\.applied', true\) OPERATOR\(pg_catalog\.=\) '7' RETURNING xact\)/,
  );
  for (const text of [alone, behind]) assert.match(text, /SELECT 1 OPERATOR\(pg_catalog\.\/\) pg_catalog\.count\(\*\)/);
});

Deno.test("moveOrRaise() moves the claim of the running transaction only, and is ASCII", () => {
  const text = oneLine(moveOrRaise(TABLES, 7n).text);
  assert.match(
    text,
    /DELETE FROM "s"\."t_unfinished" WHERE version OPERATOR\(pg_catalog\.=\) 7 AND xact OPERATOR\(pg_catalog\.=\) pg_catalog\.pg_current_xact_id\(\) /,
  );
  assert.match(text, /SELECT 1 OPERATOR\(pg_catalog\.\/\) pg_catalog\.count\(\*\)/);
  const tables = { applied: identifier("größe"), unfinished: identifier("größe_unfinished") };
  // deno-lint-ignore no-control-regex
  assert.match(moveOrRaise(tables, 7n).text, /^[\x00-\x7f]*$/);
});

Deno.test("moveClaim() is ASCII whatever the tracker is called, for the file may have set another client_encoding", () => {
  const tables = { applied: identifier("größe"), unfinished: identifier("größe_unfinished") };
  // deno-lint-ignore no-control-regex
  assert.match(moveClaim(tables, { version: 7n, xact: "731" }, 1).text, /^[\x00-\x7f]*$/);
});

Deno.test("dropClaim() touches the claim of one version, or only that of one transaction or one attempt", () => {
  const of = { version: 7n, xact: "731" };
  assert.equal(
    dropClaim(TABLES, { version: 7n }).text,
    `DELETE FROM "s"."t_unfinished" WHERE version OPERATOR(pg_catalog.=) 7`,
  );
  assert.match(dropClaim(TABLES, of).text, / 7 AND xact OPERATOR\(pg_catalog\.=\) '731'$/);
  assert.match(dropClaim(TABLES, { ...of, attempt: 2 }).text, / '731' AND attempt OPERATOR\(pg_catalog\.=\) 2$/);
});
