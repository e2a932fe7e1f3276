import assert from "node:assert/strict";
import type { StatementJudged } from "../events.ts";
import { statementLines, statementsClosing } from "./statement_text.ts";
import { style } from "./style.ts";

const SPAN = { file: "migrations/004_x.sql", line: 3, column: 1, endLine: 3, endColumn: 9, sourceLine: "ALTER …" };
const POSTS = {
  relation: "public.posts",
  rows: 1_200_000,
  bytes: 4_400_000_000,
  dependents: ["index public.posts_pkey", "view public.recent"],
  users: ["pid 42 (app web) holds RowShareLock: SET password = 'hunter2'"],
};
const EVENT: StatementJudged = {
  ...{ event: "statement", version: 4n, name: "004_x.sql", span: SPAN, statement: "ALTER TABLE", verdict: "dangerous" },
  reason: "Reads and writes of public.posts wait",
  locks: ["public.posts", "public.a", "public.b", "public.c", "public.d", "public.e"].map((relation) => ({
    relation,
    mode: "AccessExclusiveLock",
  })),
  ...{ scans: [], rewrites: ["public.posts"], unknown: null, relations: [POSTS] },
};
const OPTIONS = { style: style(false), columns: 80, first: true, told: new Set<string>(), verbose: false };

Deno.test("a statement that hurts is told with its locks, and what it touches with who uses that", () => {
  assert.deepEqual(statementLines(EVENT, OPTIONS), [
    "migrations/004_x.sql",
    "  dangerous  line 3: ALTER TABLE",
    "    Reads and writes of public.posts wait.",
    "    Takes AccessExclusiveLock on public.posts, public.a, public.b, public.c and",
    "    2 more.",
    "    public.posts: 1,200,000 rows, 4.1 GB with its indexes; index",
    "    public.posts_pkey and view public.recent",
    "      pid 42 (app web) holds RowShareLock: SET password = '***'",
  ]);
});

Deno.test("a relation is told once, and a statement that nobody notices in one sentence", () => {
  const again = statementLines(EVENT, { ...OPTIONS, first: false, told: new Set(["public.posts"]) });
  assert.equal(again.length, 4);
  const harmless: StatementJudged = {
    ...EVENT,
    verdict: "instant",
    relations: [{ ...POSTS, users: ["3 index scans"] }],
  };
  assert.deepEqual(statementLines(harmless, { ...OPTIONS, first: false }), [
    "  instant    line 3: ALTER TABLE",
    "    Reads and writes of public.posts wait.",
  ]);
  assert.ok(statementLines(harmless, { ...OPTIONS, verbose: true }).length > 3);
  // Somebody is there now.
  assert.ok(statementLines({ ...EVENT, verdict: "instant" }, OPTIONS).length > 3);
});

Deno.test("names and reasons cannot draw on the terminal", () => {
  const lines = statementLines({ ...EVENT, reason: "\x1b[2J of \x07" }, { ...OPTIONS, first: false });
  assert.equal(lines[1], "    \\u{1b}[2J of \\u{7}.");
});

Deno.test("the closing sentence counts, and says where to look first", () => {
  const answer = (verdicts: object) =>
    ({
      command: "plan",
      pending: [],
      blocked: [],
      verdicts: { instant: 0, short: 0, long: 0, dangerous: 0, ...verdicts },
    }) as const;
  const at = (line: number, verdict: StatementJudged["verdict"]) => ({ ...EVENT, span: { ...SPAN, line }, verdict });
  assert.deepEqual(
    statementsClosing(answer({ dangerous: 1, instant: 1 }), [at(1, "instant"), at(3, "dangerous")]),
    ["2 statements in 1 migration: 1 dangerous and 1 instant. Look first at line 3 of 004_x.sql."],
  );
  assert.deepEqual(statementsClosing(answer({ short: 1 }), [at(1, "short")]), ["1 statement in 1 migration: 1 short."]);
  assert.deepEqual(statementsClosing(answer({}), []), ["No statement is pending."]);
});
