import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { LockSpan, RehearsalReport, RehearsedStatement } from "../src/events.ts";
import { reportPage } from "../src/output/report/page.ts";
import type { Looked } from "./browser/look_at_page.ts";
import { createDirectory } from "./directory.ts";

const CHROMIUM = "/usr/bin/chromium";
const LOOK = fileURLToPath(new URL("browser/look_at_page.ts", import.meta.url));

const HOSTILE = `public."</title><script>hacked=1</script><img src=x onerror=hacked=1>' \u202e${"x".repeat(60)}"`;

function statement(
  line: number,
  more: Partial<RehearsedStatement["judged"]> & { readonly ms: number },
): RehearsedStatement {
  const { ms, ...judged } = more;
  return {
    judged: {
      event: "statement",
      version: 2n,
      name: "002_user.sql",
      span: { file: "migrations/002_user.sql", line, column: 1, endLine: line, endColumn: 9, sourceLine: "" },
      statement: "ALTER TABLE",
      verdict: "short",
      reason: "Reads and writes of public.posts would have waited 12 ms while public.posts was written anew",
      locks: [{ relation: "public.posts", mode: "AccessExclusiveLock" }, { relation: HOSTILE, mode: "ShareLock" }],
      scans: [],
      rewrites: ["public.posts"],
      unknown: null,
      relations: [],
      measured: { durationMs: ms, waitMs: ms / 4, walBytes: 123_456, rows: 1_234 },
      ...judged,
    },
    startMs: line * 100,
    endMs: line * 100 + ms,
    text: `ALTER TABLE posts ADD "${HOSTILE}" text DEFAULT '${"y".repeat(300)}'`,
    waits: ["waiting for AccessExclusiveLock on public.posts, held by pid 4242 (app web, user app)"],
  };
}

function lock(relation: string, blocks: LockSpan["blocks"], [fromMs, untilMs]: readonly [number, number]): LockSpan {
  return {
    version: 2n,
    name: "002_user.sql",
    relation,
    mode: "AccessExclusiveLock",
    blocks,
    fromMs,
    untilMs,
    queueMs: 0,
  };
}

const REPORT: RehearsalReport = {
  database: `app </h1> ${HOSTILE}`,
  place: "template",
  server: "18.4",
  at: new Date("2026-11-23T01:02:03Z"),
  durationMs: 1_200,
  migrations: [
    {
      ...{ version: 2n, name: "002_user.sql", transactional: true, startMs: 0, endMs: 700, outcome: "rehearsed" },
      statements: [
        statement(1, { ms: 12, verdict: "instant" }),
        statement(2, { ms: 400, verdict: "long" }),
        statement(3, { ms: 80, verdict: "dangerous" }),
      ],
    },
    {
      ...{ version: 3n, name: `003_${"long_".repeat(20)}name.sql`, transactional: false, startMs: 700, endMs: 1_200 },
      ...{ outcome: "failed", statements: [statement(1, { ms: 300 })] },
    },
  ],
  locks: [
    lock("public.posts", "reads-and-writes", [100, 700]),
    lock("public.users", "writes", [300, 700]),
    lock("public.posts", "nobody", [800, 1_100]),
    { ...lock("public.authors", "row-writes", [200, 500]), queueMs: 100 },
    lock(HOSTILE, "nobody", [0, 1]),
  ],
  findings: [{
    ...{
      event: "finding",
      rule: "set-not-null",
      severity: "warning",
      message: "It reads every row.",
      safeForm: HOSTILE,
    },
    span: { file: "migrations/002_user.sql", line: 3, column: 1, endLine: 3, endColumn: 9, sourceLine: "" },
  }],
  notes: ["WAL is what the whole server wrote meanwhile."],
  failure: null,
};

/** There is no browser to test with, and nobody who says that there must be one. */
const ignore = Deno.env.get("CI") === undefined && await Deno.stat(CHROMIUM).catch(() => null) === null;

async function look(page: string): Promise<Looked> {
  await using directory = await createDirectory({});
  const file = `${directory.path}/report.html`;
  await Deno.writeTextFile(file, page);
  const shots = Deno.env.get("PGMIGRATE_SCREENSHOTS");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", LOOK, file, CHROMIUM, ...shots ? [shots] : []],
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  assert.equal(code, 0, text.decode(stderr));
  return JSON.parse(text.decode(stdout)) as Looked;
}

Deno.test({
  name: "the report of a rehearsal needs no network and no script, and is readable on a phone, in light and in dark",
  ignore,
  async fn() {
    const { title, heading, told, scripts, hacked, lanes, badges, sights } = await look(reportPage(REPORT));
    assert.deepEqual({ told, scripts, hacked }, { told: [], scripts: 0, hacked: "undefined" });
    assert.match(title, /^Rehearsal of app <\/h1> public\./);
    assert.match(heading, /\\u\{202e\}/);
    for (const { viewport, colorScheme, width, faint } of sights) {
      assert.deepEqual({ width, faint }, { width: viewport, faint: [] }, `${colorScheme}, ${viewport} px`);
    }
    assert.equal(sights.length, 4);
    assert.equal(new Set(sights.map(({ background }) => background)).size, 2);
    assert.match(lanes[0]!, /^public\.posts\s+readers and writers wait 600 ms/);
    assert.match(lanes[1]!, /^public\.users\s+writers wait 400 ms/);
    assert.match(lanes[2]!, /^public\.authors\s+who writes the same rows waits 300 ms/);
    assert.match(lanes[3]!, /nobody who reads or writes waits/);
    assert.deepEqual(badges, ["instant", "long", "dangerous", "short", "warning"]);
  },
});
