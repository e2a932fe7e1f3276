import assert from "node:assert/strict";
import { Failure } from "../errors/failure.ts";
import type { Blocker, Event, LockWait } from "../events.ts";
import { jsonRenderer } from "./json.ts";

const NO_VERSIONS = {
  applied: [],
  pending: [],
  edited: [],
  missing: [],
  out_of_order: [],
  unrecorded: [],
  unfinished: [],
};

/** The line that an event becomes. */
function line(event: Event, verbose = false): string {
  const writes = jsonRenderer({ verbose })(event);
  assert(
    writes.every(({ stream, text }) => stream === "stdout" && text.endsWith("\n") && !text.slice(0, -1).includes("\n")),
  );
  return writes.map(({ text }) => text.trimEnd()).join("");
}

Deno.test("json: progress has versions as text, past what a number can hold", () => {
  const step = { version: 9223372036854775807n, name: "9223372036854775807_x.sql", index: 1, total: 2 };
  const common = '"version":"9223372036854775807","name":"9223372036854775807_x.sql","index":1,"total":2';
  assert.equal(line({ event: "migration_started", ...step }), `{"event":"migration_started",${common}}`);
  assert.equal(
    line({ event: "migration_applied", ...step, durationMs: 12.6 }),
    `{"event":"migration_applied",${common},"duration_ms":13}`,
  );
});

Deno.test("json: an error has the keys that apply, and no others", () => {
  assert.equal(
    line({ event: "error", failure: new Failure("no-database", 2, "No database was given") }),
    '{"event":"error","code":"no-database","message":"No database was given"}',
  );
  const failure = new Failure("migration-failed", 1, "broken", {
    place: { file: "m/1_a.sql", line: 7, column: 31, sourceLine: "SELECT x" },
    sqlstate: "42703",
    hint: "h",
  });
  assert.deepEqual(JSON.parse(line({ event: "error", failure })), {
    event: "error",
    code: "migration-failed",
    message: "broken",
    file: "m/1_a.sql",
    line: 7,
    column: 31,
    source_line: "SELECT x",
    sqlstate: "42703",
    hint: "h",
  });
});

Deno.test("json: a migration has its state, and null for what is not known", () => {
  const migration = { event: "migration", version: 4n, name: "4_x.sql", checksum: null } as const;
  assert.equal(
    line({ ...migration, state: "pending", appliedAt: null }),
    '{"event":"migration","version":"4","name":"4_x.sql","state":"pending","applied_at":null,"checksum":null}',
  );
  assert.deepEqual(
    JSON.parse(line({ ...migration, state: "edited", appliedAt: new Date(0), edit: { kind: "unknown", lines: [] } })),
    {
      event: "migration",
      version: "4",
      name: "4_x.sql",
      state: "edited",
      applied_at: "1970-01-01T00:00:00.000Z",
      checksum: null,
      edit: { kind: "unknown", lines: [] },
    },
  );
});

Deno.test("json: the result of each command has its answer", () => {
  const result = (answer: Extract<Event, { event: "result" }>["answer"]) =>
    line({ event: "result", command: answer?.command ?? null, ok: true, exitCode: 0, answer });
  assert.equal(
    result({
      command: "up",
      migrations: [],
      applied: [1n, 2n],
      pending: [],
      marked: [],
      version: 2n,
      durationMs: 5.4,
      dryRun: false,
      failure: null,
    }),
    '{"event":"result","command":"up","ok":true,"exit_code":0,"applied":["1","2"],"pending":[],"version":"2",' +
      '"duration_ms":5,"dry_run":false}',
  );
  assert.equal(
    result({ command: "status", versions: { ...NO_VERSIONS, out_of_order: [3n] }, version: null }),
    '{"event":"result","command":"status","ok":true,"exit_code":0,"version":null,"applied":[],"pending":[],"edited":[],' +
      '"missing":[],"out_of_order":["3"],"unrecorded":[],"unfinished":[]}',
  );
  assert.equal(
    result({
      command: "verify",
      versions: NO_VERSIONS,
      stateDigest: "d",
      recorded: [1n],
      restored: ["m/1_a.sql"],
      restorable: [2n],
    }),
    '{"event":"result","command":"verify","ok":true,"exit_code":0,"state_digest":"d","recorded":["1"],' +
      '"restored":["m/1_a.sql"],"restorable":["2"],"applied":[],"pending":[],"edited":[],"missing":[],"out_of_order":[],"unrecorded":[],' +
      '"unfinished":[]}',
  );
  assert.equal(
    result({ command: "new", file: "m/1_a.sql" }),
    '{"event":"result","command":"new","ok":true,"exit_code":0,"file":"m/1_a.sql"}',
  );
  assert.equal(result(null), '{"event":"result","command":null,"ok":true,"exit_code":0}');
});

Deno.test("json: hostile text stays one line that a terminal and a CI server take for nothing else", () => {
  const message = 'x\n::error::y\r\x1b[2J\x9b31m\u202e\u2028 ##[error]z "q" \\';
  const text = line({ event: "notice", severity: "NOTICE", message });
  assert.doesNotMatch(text, /[\p{Cc}\u2028\u202e]|##\[/u);
  assert.equal(JSON.parse(text).message, message);
});

Deno.test("json: no password of a URL is shown", () => {
  const url = "postgres://u:hunter2@h/d";
  const failure = new Failure("x", 2, url, { hint: url, detail: url, where: url, state: url, items: [url], file: url });
  assert.doesNotMatch(line({ event: "error", failure }), /hunter2/);
});

Deno.test("json: detail is for verbose only", () => {
  assert.equal(line({ event: "detail", message: "m" }), "");
  assert.equal(line({ event: "detail", message: "m" }, true), '{"event":"detail","message":"m"}');
});

const BLOCKER: Blocker = {
  pid: 4242,
  gid: null,
  application: "web",
  user: "app",
  client: "10.0.0.7",
  process: null,
  state: "active",
  sinceSeconds: 3,
  query: "SELECT 'postgres://u:hunter2@h'",
  holds: false,
  waitsFor: null,
};

const WAIT: LockWait = {
  kind: "relation",
  mode: "AccessExclusiveLock",
  relation: "public.posts",
  thing: null,
  waitedSeconds: 2.5,
  blockers: [BLOCKER],
  more: 0,
};

Deno.test("json: a wait has the lock and who is in the way, one who waits in turn included", () => {
  const queued = { ...WAIT, blockers: [{ ...BLOCKER, waitsFor: { ...WAIT, blockers: [], more: 3 } }] };
  const step = { version: 4n, name: "4_x.sql" };
  const shown = line({
    event: "waiting",
    for: "table-lock",
    ...step,
    wait: queued,
    again: false,
    message: "waiting for …",
  });
  assert.doesNotMatch(shown, /hunter2/);
  assert.deepEqual(JSON.parse(shown), {
    event: "waiting",
    for: "table-lock",
    version: "4",
    name: "4_x.sql",
    lock: "relation",
    mode: "AccessExclusiveLock",
    relation: "public.posts",
    blockers: [{
      pid: 4242,
      application: "web",
      user: "app",
      client: "10.0.0.7",
      state: "active",
      since_seconds: 3,
      query: "SELECT 'postgres://u:***@h'",
      holds: false,
      waits_for: {
        lock: "relation",
        mode: "AccessExclusiveLock",
        relation: "public.posts",
        blockers: [],
        more_blockers: 3,
      },
    }],
    message: "waiting for …",
  });
  const again: Event = { event: "waiting", for: "standby", ...step, wait: null, again: true, message: "m" };
  assert.equal(line(again), "", "JSON tells what changes");
  assert.equal(line({ event: "waiting_ended", ...step }), '{"event":"waiting_ended","version":"4","name":"4_x.sql"}');
  assert.equal(
    line({ event: "waiting", for: "standby", ...step, wait: null, again: false, message: "m" }),
    '{"event":"waiting","for":"standby","version":"4","name":"4_x.sql","message":"m"}',
  );
});

Deno.test("json: an attempt that is to come has its number, its pause, and who was in the way", () => {
  const retrying: Event = {
    event: "retrying",
    version: 4n,
    name: "4_x.sql",
    reason: "deadlock",
    attempt: 2,
    attempts: 10,
    pauseMs: 451,
    wait: { ...WAIT, blockers: [] },
    message: "m",
  };
  assert.equal(
    line(retrying),
    '{"event":"retrying","version":"4","name":"4_x.sql","reason":"deadlock","attempt":2,"attempts":10,"pause_ms":451,' +
      '"lock":"relation","mode":"AccessExclusiveLock","relation":"public.posts","blockers":[],"message":"m"}',
  );
  assert.doesNotMatch(line({ ...retrying, wait: null }), /blockers/);
});

Deno.test("json: progress is a line for each whole per cent and phase, and every ten seconds", () => {
  const render = jsonRenderer({ verbose: false });
  const at = (elapsedMs: number, percent: number, phase = "scanning heap"): number =>
    render({
      event: "progress",
      version: 4n,
      name: "4_x.sql",
      command: "VACUUM",
      phase,
      percent,
      secondsLeft: 9,
      rows: null,
      elapsedMs,
    }).length;
  assert.deepEqual([at(1_000, 5.1), at(2_000, 5.2), at(3_000, 6), at(4_000, 6, "vacuuming heap")], [1, 0, 1, 1]);
  assert.deepEqual([at(13_000, 6, "vacuuming heap"), at(14_000, 6, "vacuuming heap")], [0, 1]);
});

Deno.test("json: an unfinished migration has how far it came, and what goes on says so", () => {
  const unfinished = {
    startedAt: new Date("2026-11-22T15:10:00Z"),
    statementsDone: 2,
    statementsTotal: 5,
    line: 4,
    failure: "at postgres://u:secret@h/d",
    pid: null,
  };
  const listed = { event: "migration", version: 2n, name: "2_b.sql", state: "unfinished", appliedAt: null } as const;
  const shown = line({ ...listed, checksum: null, unfinished });
  assert.ok(
    shown.includes(
      '"started_at":"2026-11-22T15:10:00.000Z","statements_done":2,"statements_total":5,"line":4,"failure":"at postgres://u:***@h/d","pid":null}',
    ),
    shown,
  );
  assert.equal(
    line({ event: "migration_resumed", version: 2n, name: "2_b.sql", message: "so" }),
    '{"event":"migration_resumed","version":"2","name":"2_b.sql","message":"so"}',
  );
  assert.equal(
    line({ event: "migration_marked", version: 2n, name: "2_b.sql" }),
    '{"event":"migration_marked","version":"2","name":"2_b.sql"}',
  );
  const planned = { event: "migration_planned", version: 2n, name: "2_b.sql", index: 1, total: 1 } as const;
  assert.match(
    line({ ...planned, transactional: false, fromStatement: 3 }),
    /"transactional":false,"from_statement":3\}$/,
  );
});
