import assert from "node:assert/strict";
import type { StatementJudged } from "../events.ts";
import { statementJudged } from "./proof_json.ts";

const JUDGED: StatementJudged = {
  event: "statement",
  version: 2n,
  name: "002_b.sql",
  span: { file: "migrations/002_b.sql", line: 1, column: 1, endLine: 1, endColumn: 9, sourceLine: "TRUNCATE" },
  statement: "TRUNCATE TABLE",
  verdict: "instant",
  reason: "It is quick.",
  locks: [
    { relation: "public.users", mode: "ShareLock" },
    { relation: "public.posts", mode: "RowShareLock" },
    { relation: "public.posts", mode: "AccessShareLock" },
  ],
  scans: ["public.users", "public.posts"],
  rewrites: ["public.b", "public.a"],
  unknown: null,
  relations: [],
};

Deno.test("statementJudged() gives locks, scans and rewrites by name, however they were found", () => {
  const { locks, scans, rewrites, unknown, duration_ms } = statementJudged(JUDGED);
  assert.deepEqual({ locks, scans, rewrites, unknown, duration_ms }, {
    locks: [
      { relation: "public.posts", mode: "AccessShareLock" },
      { relation: "public.posts", mode: "RowShareLock" },
      { relation: "public.users", mode: "ShareLock" },
    ],
    scans: ["public.posts", "public.users"],
    rewrites: ["public.a", "public.b"],
    unknown: false,
    duration_ms: undefined,
  });
});
