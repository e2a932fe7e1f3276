import assert from "node:assert/strict";
import { Failure } from "../errors/failure.ts";
import type { Event, LockWait, MigrationListed, State, Unfinished, UpResult, VersionsByState } from "../events.ts";
import { humanRenderer } from "./human.ts";
import { ProofText } from "./proof_text.ts";
import type { RenderOptions } from "./renderer.ts";

const PLAIN: RenderOptions = {
  color: { stdout: false, stderr: false },
  live: false,
  quiet: false,
  verbose: false,
  columns: null,
  migrations: "migrations",
};

/** What a series of events writes to each stream. */
function render(events: readonly Event[], options: Partial<RenderOptions> = {}) {
  const looks = { ...PLAIN, ...options };
  const renderer = humanRenderer(looks, new ProofText(looks));
  const written = { stdout: "", stderr: "" };
  for (const event of events) for (const { stream, text } of renderer(event)) written[stream] += text;
  return written;
}

function step(index: number, name: string, total = 2) {
  return { version: BigInt(index), name, index, total };
}

function listed(name: string, state: State, rest: Partial<MigrationListed> = {}): MigrationListed {
  const appliedAt = state === "pending" ? null : new Date("2026-11-22T15:10:00Z");
  return { event: "migration", version: BigInt(parseInt(name) || 9), name, state, appliedAt, checksum: null, ...rest };
}

function versions(some: Partial<VersionsByState>): VersionsByState {
  const none = { applied: [], pending: [], edited: [], missing: [], out_of_order: [], unrecorded: [], unfinished: [] };
  return { ...none, ...some };
}

const STARTED: Event = {
  event: "run_started",
  version: null,
  migrations: [{ version: 1n, name: "1_users.sql" }, { version: 2n, name: "2_add_email.sql" }],
};

const RUN: readonly Event[] = [
  STARTED,
  { event: "migration_started", ...step(1, "1_users.sql") },
  { event: "migration_applied", ...step(1, "1_users.sql"), durationMs: 12.2 },
  { event: "migration_started", ...step(2, "2_add_email.sql") },
  { event: "notice", severity: "NOTICE", message: "skipping", version: 2n, name: "2_add_email.sql" },
  { event: "migration_applied", ...step(2, "2_add_email.sql"), durationMs: 1500 },
];

function upResult(rest: Partial<UpResult> = {}): Event {
  const answer: UpResult = {
    migrations: [],
    failure: null,

    command: "up",
    applied: [1n, 2n],
    pending: [],
    marked: [],
    version: 2n,
    durationMs: 1530,
    dryRun: false,
  } as const;
  return { event: "result", command: "up", ok: true, exitCode: 0, answer: { ...answer, ...rest } };
}

Deno.test("human: up shows each migration on stderr and the closing sentence on stdout", () => {
  assert.deepEqual(render([...RUN, upResult()]), {
    stderr: [
      "  1/2  1_users.sql          12 ms",
      "notice: 2_add_email.sql: skipping",
      "  2/2  2_add_email.sql      1.5 s",
      "",
    ].join("\n"),
    stdout: "Applied 2 migrations in 1.5 s. The database is at version 2.\n",
  });
});

Deno.test("human: a failed up shows the error with everything known, and nothing on stdout", () => {
  const failure = new Failure("migration-failed", 1, 'column "nonsense" does not exist', {
    sqlstate: "42703",
    place: { file: "migrations/2_add_email.sql", line: 1, column: 8, sourceLine: "SELECT nonsense;" },
    detail: "first\nsecond",
    hint: "Perhaps you meant something.",
    where: "PL/pgSQL function f() line 3",
    items: ["one", "two"],
    state: "Nothing of 2_add_email.sql was kept. The database is at version 1; 1 migration is pending.",
  });
  const events: readonly Event[] = [
    ...RUN.slice(0, 4),
    { event: "migration_failed", ...step(2, "2_add_email.sql"), durationMs: 3 },
    { event: "error", failure },
    { event: "result", command: "up", ok: false, exitCode: 1, answer: null },
  ];
  assert.deepEqual(render(events), {
    stdout: "",
    stderr: `  1/2  1_users.sql          12 ms
  2/2  2_add_email.sql     failed

error: column "nonsense" does not exist [42703]
  --> migrations/2_add_email.sql:1:8
   |
 1 | SELECT nonsense;
   |        ^
  - one
  - two
detail: first
      | second
context: PL/pgSQL function f() line 3
hint: Perhaps you meant something.
Nothing of 2_add_email.sql was kept. The database is at version 1; 1 migration is pending.
`,
  });
});

Deno.test("human: up says when there is nothing to do, and what --to left pending", () => {
  const nothing = upResult({ applied: [] });
  assert.equal(render([nothing]).stdout, "Nothing to do. The database is at version 2.\n");
  const left = upResult({ applied: [1n], pending: [2n], version: 1n });
  assert.match(
    render([left]).stdout,
    /^Applied 1 migration in 1.5 s. The database is at version 1. 1 migration is still/,
  );
});

Deno.test("human: a dry run lists what would run as its answer", () => {
  const events: readonly Event[] = [
    { event: "migration_planned", ...step(1, "1_users.sql"), transactional: true },
    { event: "migration_planned", ...step(2, "2_index.sql"), transactional: false },
    upResult({ applied: [], pending: [1n, 2n], version: null, dryRun: true }),
  ];
  assert.deepEqual(render(events), {
    stderr: "",
    stdout: "  1/2  1_users.sql\n  2/2  2_index.sql  (no transaction)\n" +
      "2 migrations would be applied; nothing was changed. Nothing is applied yet.\n",
  });
});

Deno.test("human: status is a table with a closing sentence", () => {
  const answer = {
    command: "status",
    versions: versions({ applied: [1n], edited: [2n], pending: [3n] }),
    version: 2n,
  } as const;
  const events: readonly Event[] = [
    listed("1_users.sql", "applied", { renamedFrom: "1_user.sql" }),
    listed("2_add_email.sql", "edited"),
    listed("3_日本.sql", "pending"),
    { event: "result", command: "status", ok: true, exitCode: 0, answer },
  ];
  assert.equal(
    render(events).stdout,
    `applied       1_users.sql      2026-11-22 15:10:00 UTC  applied as 1_user.sql
edited        2_add_email.sql  2026-11-22 15:10:00 UTC
pending       3_日本.sql
3 migrations: 1 applied, 1 edited and 1 pending. The database is at version 2.
`,
  );
  assert.doesNotMatch(render(events, { quiet: true }).stdout, /1_users/);
});

Deno.test("human: verify lists what is not as it was applied, with the changed lines", () => {
  const edit = {
    kind: "sql",
    lines: [{ kind: "removed", text: "ADD email text;" }, { kind: "added", text: "ADD email varchar;" }],
  } as const;
  const found = versions({ applied: [1n, 4n], edited: [2n], missing: [3n] });
  const answer = {
    command: "verify",
    versions: found,
    stateDigest: "d1",
    recorded: [],
    restored: ["m/5_x.sql"],
    restorable: [3n],
  } as const;
  const events: readonly Event[] = [
    listed("1_users.sql", "applied"),
    listed("2_add_email.sql", "edited", { edit }),
    listed("3_posts.sql", "missing"),
    listed("4_new.sql", "applied", { renamedFrom: "4_old.sql" }),
    listed("6_x.sql", "pending"),
    { event: "result", command: "verify", ok: false, exitCode: 3, answer },
  ];
  assert.deepEqual(render(events), {
    stderr: "",
    stdout: `edited        2_add_email.sql: the SQL changed
  -  ADD email text;
  +  ADD email varchar;
missing       3_posts.sql
renamed       4_new.sql: applied as 4_old.sql
restored      m/5_x.sql
1 of 4 applied migrations was edited. Take the edit back, and make the change in a new migration: pgmigrate new
1 of 4 applied migrations is missing. Bring files back: pgmigrate verify --restore
State digest: d1
`,
  });
});

Deno.test("human: verify proposes --restore only for what it can bring back", () => {
  const closing = (restorable: readonly bigint[]) => {
    const found = versions({ missing: [1n, 2n] });
    const answer = {
      command: "verify",
      versions: found,
      stateDigest: "d",
      recorded: [],
      restored: [],
      restorable,
    } as const;
    return render([{ event: "result", command: "verify", ok: false, exitCode: 3, answer }]).stdout.split("\n")[0]!;
  };
  assert.match(closing([1n, 2n]), /Bring files back: pgmigrate verify --restore$/);
  assert.match(closing([1n]), /Bring files back: 1 with pgmigrate verify --restore, 1 from version control$/);
  assert.match(closing([]), /Bring files back from version control: the tracker cannot give them$/);
});

Deno.test("human: verify says so when all is well, and when there is nothing to verify", () => {
  const result = (found: Partial<VersionsByState>): Event => {
    const answer = {
      command: "verify",
      versions: versions(found),
      stateDigest: "d",
      recorded: [],
      restored: [],
      restorable: [],
    } as const;
    return { event: "result", command: "verify", ok: true, exitCode: 0, answer };
  };
  assert.match(render([result({ applied: [1n, 2n] })]).stdout, /^All 2 applied migrations are unchanged\.\n/);
  assert.match(render([result({ pending: [1n] })]).stdout, /^No migration has been applied/);
});

Deno.test("human: new prints the path alone, for use in a script", () => {
  const answer = { command: "new", file: "migrations/001_a.sql" } as const;
  const events: readonly Event[] = [{ event: "result", command: "new", ok: true, exitCode: 0, answer }];
  assert.deepEqual(render(events), { stdout: "migrations/001_a.sql\n", stderr: "" });
});

Deno.test("human: quiet leaves errors and the answer; verbose adds detail", () => {
  const events: readonly Event[] = [
    { event: "detail", message: "connected" },
    { event: "warning", code: "renamed", message: "renamed", hint: "nothing to do", file: "m/1.sql" },
    { event: "waiting", for: "lock", message: "Another run is at work" },
    ...RUN,
    upResult(),
  ];
  const quiet = render(events, { quiet: true });
  assert.equal(quiet.stderr, "");
  assert.match(quiet.stdout, /^Applied 2/);
  assert.match(
    render(events, { verbose: true }).stderr,
    /^note: connected\nwarning: renamed\n {2}--> m\/1.sql\nhint: nothing to do\nwaiting: Another run is at work\n/,
  );
  const error: Event = { event: "error", failure: new Failure("no-database", 2, "No database was given") };
  assert.equal(render([error], { quiet: true }).stderr, "error: No database was given\n");
});

Deno.test("human: a live line is written over, stands under notices, and never wraps", () => {
  const { stderr, stdout } = render([...RUN, upResult()], { live: true, columns: 18 });
  assert.equal(
    stderr,
    "  1/2  1_users.s…" +
      "\r\x1b[K  1/2  1_users.sql          12 ms\n" +
      "  2/2  2_add_ema…" +
      "\r\x1b[Knotice: 2_add_email.sql: skipping\n" +
      "  2/2  2_add_ema…" +
      "\r\x1b[K  2/2  2_add_email.sql      1.5 s\n",
  );
  assert(!stdout.includes("\x1b"));
});

Deno.test("human: colour follows each stream by itself", () => {
  const events: readonly Event[] = [
    listed("1_users.sql", "applied"),
    { event: "error", failure: new Failure("x", 1, "Broken") },
  ];
  const written = render(events, { color: { stdout: false, stderr: true } });
  assert(written.stderr.startsWith("\x1b[31m"));
  assert(!written.stdout.includes("\x1b"));
});

Deno.test("human: nothing that a server or a file name says can forge a line, a colour or a CI command", () => {
  const hostile = "x\n::error file=a::forged\r  2/2  fake 1 ms\n\x1b[2Kerror: fake\u202e ##[error]y";
  const failure = new Failure("f", 1, hostile, {
    place: { file: hostile, line: 1, column: 1, sourceLine: `::error::\x1b]0;title\x07${hostile.split("\n")[0]}` },
    detail: hostile,
    hint: hostile,
    where: hostile,
    state: "Nothing was kept.",
    items: [hostile, "::add-mask::x"],
  });
  const events: readonly Event[] = [
    { ...STARTED, migrations: [{ version: 1n, name: hostile }] },
    { event: "migration_started", ...step(1, hostile) },
    {
      event: "notice",
      severity: hostile,
      message: hostile,
      detail: hostile,
      hint: hostile,
      version: 1n,
      name: hostile,
    },
    { event: "warning", code: "w", message: hostile, hint: hostile, file: hostile },
    { event: "waiting", for: "lock", message: hostile },
    { event: "detail", message: hostile },
    { event: "migration_failed", ...step(1, hostile), durationMs: 1 },
    { event: "migration_planned", ...step(1, hostile), transactional: true },
    listed(hostile, "edited", {
      renamedFrom: hostile,
      edit: { kind: "sql", lines: [{ kind: "added", text: hostile }] },
    }),
    { event: "error", failure },
    { event: "result", command: "new", ok: true, exitCode: 0, answer: { command: "new", file: hostile } },
  ];
  const written = render(events, { verbose: true });
  const lines = `${written.stdout}${written.stderr}`.split("\n");
  assert(lines.length > 20);
  for (const line of lines) {
    assert.doesNotMatch(line, /[\p{Cc}\u202e]/u, line);
    assert.doesNotMatch(line, /^\s*::|##\[|^ {0,2}2\/2|^error: fake/, line);
  }
});

Deno.test("human: no password of a URL is shown", () => {
  const url = "postgres://u:hunter2@h/d";
  const failure = new Failure("x", 2, url, { hint: url, detail: url, where: url, state: url, items: [url], file: url });
  const events: readonly Event[] = [
    { event: "error", failure },
    { event: "warning", code: "w", message: url, hint: url, file: url },
    { event: "waiting", for: "server", message: url },
    { event: "detail", message: url },
    { event: "notice", severity: "NOTICE", message: url, detail: url, hint: url },
  ];
  const { stderr } = render(events, { verbose: true });
  assert.equal(stderr.match(/u:\*\*\*@h/g)?.length, 15);
  assert.doesNotMatch(stderr, /hunter2/);
});

const HELD: LockWait = {
  kind: "relation",
  mode: "ShareLock",
  relation: "public.t",
  thing: null,
  waitedSeconds: 1,
  blockers: [],
  more: 0,
};

function waits(message: string, again = false): Event {
  return { event: "waiting", for: "table-lock", version: 1n, name: "1_users.sql", wait: HELD, again, message };
}

function goesOn(elapsedMs: number, percent: number | null): Event {
  return {
    event: "progress",
    version: 1n,
    name: "1_users.sql",
    command: "CREATE INDEX",
    phase: "building index: scanning table",
    percent,
    secondsLeft: percent === null ? null : 125,
    rows: null,
    elapsedMs,
  };
}

const RETRYING: Event = {
  event: "retrying",
  version: 1n,
  name: "1_users.sql",
  reason: "lock-timeout",
  attempt: 2,
  attempts: 10,
  pauseMs: 451,
  wait: HELD,
  message: "lock on public.t not had in 5 s; trying again in 451 ms (attempt 2 of 10)",
};

const BEGUN: readonly Event[] = [STARTED, { event: "migration_started", ...step(1, "1_users.sql") }];
const ENDED: Event = { event: "migration_applied", ...step(1, "1_users.sql"), durationMs: 12 };

Deno.test("human: what a migration waits for is a line with its number, and what is tried again a warning", () => {
  const events = [
    ...BEGUN,
    waits("waiting for a\nb"),
    waits("waiting for a\nb, still", true),
    { event: "waiting_ended", version: 1n, name: "1_users.sql" } as const,
    RETRYING,
    ENDED,
  ];
  assert.equal(
    render(events).stderr,
    "  1/2  1_users.sql  waiting for a\\nb\n" +
      "warning: 1_users.sql: lock on public.t not had in 5 s; trying again in 451 ms (attempt 2 of 10)\n" +
      "  1/2  1_users.sql          12 ms\n",
  );
  assert.equal(render(events, { quiet: true }).stderr, "");
});

Deno.test("human: a long statement has a line every ten seconds where lines cannot be written over", () => {
  const events = [...BEGUN, ...[1, 2, 9, 10, 11, 19, 20, 31].map((second) => goesOn(second * 1000, second)), ENDED];
  assert.deepEqual(
    render(events).stderr.split("\n").slice(0, -2),
    [10, 20, 31].map((percent) =>
      `  1/2  1_users.sql  CREATE INDEX: building index: scanning table, ${percent} %, 2 min 5 s left`
    ),
  );
});

/** What a terminal of some width shows after all that was written to it. */
function screen(written: string, columns: number): readonly string[] {
  const lines = [""];
  let [row, column] = [0, 0];
  // deno-lint-ignore no-control-regex -- they are what is read
  for (const [piece, rows] of written.matchAll(/\x1b\[(\d*)A|\x1b\[[KJ]|[^\x1b]/g)) {
    if (rows !== undefined) row -= Number(rows);
    else if (piece === "\x1b[K") lines[row] = lines[row]!.slice(0, column);
    else if (piece === "\x1b[J") lines.splice(row, Infinity, lines[row]!.slice(0, column));
    else if (piece === "\r") column = 0;
    else if (piece === "\n") {
      [row, column] = [row + 1, 0];
      lines[row] ??= "";
    } else {
      lines[row] = lines[row]!.slice(0, column) + piece + lines[row]!.slice(column + 1);
      assert.ok(++column < columns, "a line that wraps could not be written over");
    }
  }
  return lines;
}

Deno.test("human: on a terminal a wait is written over in place, however long it is, and leaves no trace", () => {
  const long = `waiting for ShareLock on public.t, held by pid 1 (app web, user app, active for 3 s): ${
    "SELECT ".repeat(20)
  }`;
  const options = { live: true, columns: 40 };
  const waiting = [...BEGUN, waits(long)];
  const shown = screen(render(waiting, options).stderr, 40);
  assert.deepEqual(shown.slice(0, 4), [
    "  1/2  1_users.sql …",
    "       waiting for ShareLock on",
    "       public.t, held by pid 1 (app",
    "       web, user app, active for 3 s):",
  ]);
  assert.equal(shown.length, 6);
  assert.match(shown.at(-1)!, /…$/);

  const short = [...waiting, waits("waiting for y"), waits("waiting for x", true)];
  assert.deepEqual(screen(render(short, options).stderr, 40), ["  1/2  1_users.sql … waiting for x"]);
  const again = [...short, waits(long), RETRYING];
  assert.deepEqual(screen(render(again, { ...options, columns: 100 }).stderr, 100), [
    "warning: 1_users.sql: lock on public.t not had in 5 s; trying again in 451 ms (attempt 2 of 10)",
    "  1/2  1_users.sql …",
  ]);
  const ended = [...again.slice(0, -1), goesOn(2_000, 45.9), ENDED];
  assert.deepEqual(screen(render(ended, options).stderr, 40), ["  1/2  1_users.sql          12 ms", ""]);
  const progress = [...BEGUN, goesOn(2_000, 45.9)];
  assert.deepEqual(screen(render(progress, { live: true, columns: 100 }).stderr, 100), [
    "  1/2  1_users.sql … CREATE INDEX: building index: scanning table, 45 %, 2 min 5 s left",
  ]);
});

Deno.test("human: an unfinished migration is listed with how far it came, and who is at work on it", () => {
  const unfinished: Unfinished = {
    startedAt: new Date(0),
    statementsDone: 1,
    statementsTotal: 3,
    line: 4,
    failure: null,
    pid: null,
  };
  const shown = (some: Partial<Unfinished>) =>
    render([
      listed("1_a.sql", "unfinished", { appliedAt: null, unfinished: { ...unfinished, ...some } }),
      { event: "result", command: "status", ok: true, exitCode: 0, answer: null },
    ]).stdout;
  assert.equal(shown({}), "unfinished    1_a.sql  1 of 3 statements done, stopped at line 4\n");
  assert.equal(shown({ pid: 42 }), "unfinished    1_a.sql  1 of 3 statements done, running at line 4: pid 42\n");
  assert.equal(
    shown({ failure: "no\x1b[2J\n::error::x" }),
    "unfinished    1_a.sql  1 of 3 statements done, stopped at line 4: no\\u{1b}[2J\\n::error::x\n",
  );
});
