import assert from "node:assert/strict";
import { CopyNotSupported, ServerError, type ServerMessage, SessionLost } from "../database/session.ts";
import type { CheckedFile } from "./check_files.ts";
import { explain, lossFailure } from "./explain.ts";

const TEXT = "-- 🎉\r\nSELECT '🎉', a;\r\n  SELECT b;\r\n";
const STARTS = [TEXT.indexOf("SELECT '"), TEXT.indexOf("SELECT b")] as const;

const MIGRATION = {
  version: 1n,
  name: "1_a.sql",
  path: "m/1_a.sql",
  checksum: "",
  text: TEXT,
  directives: { noTransaction: false },
};

const FILE: CheckedFile = {
  migration: MIGRATION,
  sql: { path: MIGRATION.path, text: TEXT },
  text: TEXT,
  copies: [],
  statements: STARTS.map((start) => ({ start, end: TEXT.indexOf(";", start), effect: { kind: "atomic" as const } })),
};

function refusal(fields: Partial<ServerMessage> = {}): ServerError {
  return new ServerError({ severity: "ERROR", sqlstate: "42703", message: "no such column", ...fields });
}

/** The position, as PostgreSQL counts it, of a piece of a text: characters from 1. */
const positionIn = (text: string, piece: string) => [...text.slice(0, text.indexOf(piece))].length + 1;

Deno.test("explain() puts an error with a position at its line and column, in characters", () => {
  const position = positionIn(TEXT, "a;");
  const failure = explain(refusal({ position }), { file: FILE, start: 0, statement: 1 });
  assert.deepEqual([failure.code, failure.exitCode, failure.message], ["migration-failed", 1, "no such column"]);
  assert.deepEqual(failure.details, {
    sqlstate: "42703",
    place: { file: "m/1_a.sql", line: 2, column: 13, sourceLine: "SELECT '🎉', a;" },
  });
});

Deno.test("explain() counts a position from the start of the statement that was sent by itself", () => {
  const position = positionIn(TEXT.slice(STARTS[1]), "b;");
  const { details } = explain(refusal({ position }), { file: FILE, start: STARTS[1], statement: 1 });
  assert.deepEqual(details.place, { file: "m/1_a.sql", line: 3, column: 10, sourceLine: "  SELECT b;" });
});

Deno.test("explain() puts an error without a position at the statement that was refused", () => {
  const lineOf = (statement: number) => explain(refusal(), { file: FILE, start: 0, statement }).details.place?.line;
  assert.deepEqual([lineOf(0), lineOf(1)], [2, 3]);
});

Deno.test("explain() puts an error in a body that the statement has at its line, and does not repeat the body", () => {
  const text = "-- 🎉 selct\r\ndo $$\r\n  selct '🎉'; $$;\r\n";
  const start = text.indexOf("do");
  const statements = [{ start, end: text.lastIndexOf(";"), effect: { kind: "opaque" as const } }];
  const file = { ...FILE, sql: { path: MIGRATION.path, text }, text, statements };
  const internalQuery = "\r\n  selct '🎉'; ";
  const error = refusal({ internalQuery, internalPosition: positionIn(internalQuery, "selct"), where: "compilation" });
  const { place, where } = explain(error, { file, start: 0, statement: 0 }).details;
  assert.deepEqual(place, { file: "m/1_a.sql", line: 3, column: 3, sourceLine: "  selct '🎉'; $$;" });
  assert.equal(where, "compilation");
  assert.equal(explain(error, { file, start: 0, statement: null }).details.place, undefined);
});

Deno.test("explain() names the file alone where it knows no statement", () => {
  for (
    const sent of [
      { file: FILE, start: 0, statement: null },
      { file: FILE, start: 0, statement: 2 },
      { file: { ...FILE, statements: null }, start: 0, statement: 0 },
    ]
  ) assert.deepEqual(explain(refusal(), sent).details, { sqlstate: "42703", file: "m/1_a.sql" });
});

Deno.test("explain() passes on what the server adds, and the query inside a function under its call stack", () => {
  const added = { detail: "detail", hint: "hint", where: "PL/pgSQL function f()", internalQuery: "SELECT x" };
  const { details } = explain(refusal(added), { file: FILE, start: 0, statement: null });
  assert.deepEqual(details, {
    sqlstate: "42703",
    detail: "detail",
    hint: "hint",
    where: "PL/pgSQL function f()\nSELECT x",
    file: "m/1_a.sql",
  });
});

Deno.test("explain() calls a lock that was not had in time by its name, with a hint, exit code 5", () => {
  const failure = explain(refusal({ sqlstate: "55P03" }), { file: FILE, start: 0, statement: 0 });
  assert.deepEqual([failure.code, failure.exitCode, failure.details.place?.line], ["lock-timeout", 5, 2]);
  assert.match(failure.details.hint!, /--lock-timeout/);
});

Deno.test("lossFailure() gives the server's reason, and the file that ran", () => {
  const fatal = { severity: "FATAL", sqlstate: "57P01", message: "terminating connection" };
  const failure = lossFailure(new SessionLost(fatal.message, fatal), "m/1_a.sql");
  assert.deepEqual([failure.code, failure.exitCode], ["connection-lost", 4]);
  assert.match(failure.message, /terminating connection$/);
  const { sqlstate, file, hint } = failure.details;
  assert.deepEqual([sqlstate, file], ["57P01", "m/1_a.sql"]);
  assert.match(hint!, /Somebody ended the session, or the server is being stopped/);
  assert.equal(lossFailure(new SessionLost("closed", null), "m/1_a.sql").details.sqlstate, undefined);
});

Deno.test("lossFailure() tells a COPY that the file began from a lost connection", () => {
  for (const [direction, code] of [["FROM stdin", "copy-unclear"], ["TO stdout", "copy-to-stdout"]] as const) {
    const failure = lossFailure(new CopyNotSupported(direction), "m/1_a.sql");
    assert.deepEqual([failure.code, failure.exitCode], [code, 1]);
  }
});
