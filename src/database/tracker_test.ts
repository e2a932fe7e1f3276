import assert from "node:assert/strict";
import { Failure } from "../errors/failure.ts";
import { type Row, ServerError, type Session, SessionLost } from "./session.ts";
import { findTracker, type Tracker } from "./find_tracker.ts";
import { prepareTracker, readSources, readTracker, recordChecksums } from "./tracker.ts";
import { TrackerLocked } from "./tracker_locked.ts";

interface Column {
  readonly name: string;
  readonly type: string;
  readonly required?: boolean;
}

/** A table with a primary key and no default, as most tools make it. */
const VERSION: Column = { name: "version", type: "bigint", required: true };
const NAME: Column = { name: "name", type: "text", required: true };

const OWN: readonly Column[] = [
  VERSION,
  NAME,
  { name: "applied_at", type: "timestamp with time zone" },
  { name: "checksum", type: "text" },
  { name: "duration_ms", type: "bigint" },
  { name: "applied_by", type: "text" },
  { name: "source", type: "text" },
];

/** What a runner script made: design of the table that pgmigrate takes over. */
const SCRIPT: readonly Column[] = [
  { ...VERSION, type: "integer" },
  NAME,
  { name: "applied_at", type: "timestamp without time zone" },
];

/** A session that notes what it is sent, and answers what `answer` gives; `run` fails with what it throws. */
function sessionWith(answer: (text: string) => readonly Row[]): { readonly session: Session; readonly sent: string[] } {
  const sent: string[] = [];
  const session = {
    query(text: string) {
      sent.push(text);
      return Promise.resolve().then(() => answer(text));
    },
    run(text: string) {
      sent.push(text);
      return Promise.resolve().then(() => answer(text)).then(() => "");
    },
  };
  return { session: session as unknown as Session, sent };
}

interface Found {
  readonly schema?: string | null;
  readonly schemaExists?: boolean;
  readonly kind?: string | null;
  readonly columns?: readonly Column[];
  readonly unfinished?: boolean;
  /** Its columns, but for those that every such table has. */
  readonly unfinishedColumns?: readonly string[];
  /** Other schemas of the search_path that have such a table. */
  readonly elsewhere?: readonly string[];
}

function find(
  {
    schema = "public",
    schemaExists = true,
    columns,
    kind = columns === undefined ? null : "r",
    unfinished = false,
    unfinishedColumns = ["statements", "sent", "failure", "attempt", "attempt_at", "applied_by"],
    elsewhere = [],
  }: Found,
  wanted: { readonly schema: string | null; readonly name: string } = { schema: null, name: "schema_migrations" },
): Promise<Tracker> {
  const row: Row = {
    schema,
    schema_exists: schemaExists ? "t" : "f",
    kind,
    columns: columns === undefined ? null : JSON.stringify(columns.map((column) => ({ required: false, ...column }))),
    unfinished_kind: unfinished ? "r" : null,
    unfinished_columns: unfinished ? JSON.stringify(["version", "pid", ...unfinishedColumns]) : null,
    filtered: null,
    stranger: null,
    me: "deploy",
    elsewhere: elsewhere.length === 0 ? null : JSON.stringify(elsewhere),
  };
  return findTracker(sessionWith(() => [row]).session, wanted);
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(() => null, (error: unknown) => error);
  assert.ok(error instanceof Failure, String(error));
  return error;
}

const oneLine = (text: string) => text.trim().replaceAll(/\s+/g, " ");

Deno.test("findTracker() finds nothing where there is no table, and knows where it would stand", async () => {
  const { tables, ...tracker } = await find({ schema: "My Schema" });
  assert.deepEqual(tracker, {
    schema: "My Schema",
    table: "schema_migrations",
    exists: false,
    unfinishedExists: false,
    unfinishedLacks: [],
    lacks: [],
    maxVersion: 9223372036854775807n,
    stranger: null,
  });
  assert.equal(tables.applied.text, '"My Schema"."schema_migrations"');
  assert.equal(tables.unfinished.text, '"My Schema"."schema_migrations_unfinished"');
});

Deno.test("findTracker() finds its own table, which lacks nothing", async () => {
  const tracker = await find({ columns: OWN, unfinished: true });
  assert.deepEqual([tracker.exists, tracker.unfinishedExists, tracker.lacks], [true, true, []]);
});

Deno.test("findTracker() takes the table of a runner script, with what it lacks and the versions it can hold", async () => {
  const tracker = await find({ columns: SCRIPT });
  assert.equal(tracker.exists, true);
  assert.deepEqual(tracker.lacks, ["checksum", "duration_ms", "applied_by", "source"]);
  assert.equal(tracker.maxVersion, 2147483647n);
  const smaller = await find({ columns: [{ ...VERSION, type: "smallint" }, NAME] });
  assert.deepEqual([smaller.maxVersion, smaller.lacks[0]], [32767n, "applied_at"]);
});

Deno.test("findTracker() takes a partitioned table, and columns of others that a row of ours may leave out", async () => {
  const tracker = await find({ kind: "p", columns: [...OWN, { name: "note", type: "text" }] });
  assert.deepEqual(tracker.lacks, []);
});

Deno.test("findTracker() refuses tables of another shape, and says whose one looks like", async () => {
  const varchar = (name: string, length = "") => ({ name, type: `character varying${length}`, required: true });
  const cases: readonly (readonly [string, Found, RegExp])[] = [
    ["Rails", { columns: [varchar("version")] }, /no column name; it looks like a table of Rails$/],
    ["dbmate", { columns: [varchar("version", "(128)")] }, /no column name; it looks like a table of dbmate$/],
    [
      "golang-migrate",
      { columns: [VERSION, { name: "dirty", type: "boolean", required: true }] },
      /looks like a table of golang-migrate$/,
    ],
    [
      "Ecto",
      { columns: [VERSION, { name: "inserted_at", type: "timestamp(0) without time zone" }] },
      /looks like a table of Ecto$/,
    ],
    ["nobody's", { columns: [VERSION, { name: "label", type: "text" }] }, /it has no column name$/],
    ["no version", { columns: [NAME] }, /it has no column version$/],
    ["no columns", { columns: [] }, /it has no column version$/],
    [
      "a text version",
      { columns: [{ ...VERSION, type: "text" }, NAME] },
      /its column version is text, not an integer$/,
    ],
    ["a numeric version", { columns: [{ ...VERSION, type: "numeric" }, NAME] }, /version is numeric, not an integer$/],
    [
      "a column that every row needs",
      { columns: [...OWN, { name: "tenant", type: "integer", required: true }] },
      /its column tenant is NOT NULL and has no default$/,
    ],
    ["a view", { kind: "v", columns: OWN }, /it is not a table$/],
    ["a foreign table", { kind: "f", columns: OWN }, /it is not a table$/],
    ["a sequence", { kind: "S", columns: [] }, /it is not a table$/],
  ];
  for (const [what, found, message] of cases) {
    const failure = await failureOf(find(found));
    assert.deepEqual([failure.code, failure.exitCode], ["foreign-tracker", 2], what);
    assert.match(failure.message, message, what);
    assert.match(failure.message, /^public\.schema_migrations is not a table of pgmigrate's/, what);
    assert.match(failure.details.hint!, /--table/, what);
  }
});

Deno.test("findTracker() says what is wrong with the schema", async () => {
  assert.equal((await failureOf(find({ schema: null }))).code, "no-schema");
  const missing = await failureOf(find({ schema: "nosuch", schemaExists: false }));
  assert.deepEqual([missing.code, missing.exitCode], ["schema-missing", 2]);
  assert.match(missing.message, /nosuch/);
});

Deno.test("findTracker() refuses to begin a second tracker where another schema of the search_path has one", async () => {
  assert.equal((await failureOf(find({ elsewhere: ["old"] }))).code, "tracker-elsewhere");
  assert.equal((await find({ elsewhere: ["old"], columns: OWN })).exists, true);
  assert.equal((await find({ elsewhere: ["old"] }, { schema: "public", name: "schema_migrations" })).exists, false);
});

Deno.test("findTracker() refuses a name whose second table PostgreSQL would cut off, counted in bytes", async () => {
  const named = (name: string) => find({}, { schema: null, name });
  assert.equal((await named("a".repeat(52))).tables.unfinished.text, `"public"."${"a".repeat(52)}_unfinished"`);
  for (const name of ["a".repeat(53), "é".repeat(27)]) {
    assert.equal((await failureOf(named(name))).code, "table-name-too-long", name);
  }
});

Deno.test("findTracker() asks with the name quoted as text, hostile or not", async () => {
  const { session, sent } = sessionWith(
    () => [{ schema: "s", schema_exists: "t", kind: null, unfinished_exists: "f" }],
  );
  await findTracker(session, { schema: "o'x", name: `t'; DROP TABLE a; --` });
  assert.equal(sent.length, 1);
  assert.ok(sent[0]!.includes("'o''x'") && sent[0]!.includes("'t''; DROP TABLE a; --'"), sent[0]!);
});

Deno.test("readTracker() asks nothing of tables that do not exist", async () => {
  const { session, sent } = sessionWith(() => assert.fail("it was asked"));
  assert.deepEqual(await readTracker(session, await find({})), { applied: [], unfinished: [] });
  assert.deepEqual(sent, []);
});

Deno.test("readTracker() reads versions past 2^53, times, and what another tool left empty", async () => {
  const rows = [
    {
      version: "9007199254740993",
      name: "a.sql",
      at: "1795360200123",
      checksum: "c0ffee",
      has_source: "true",
      begun: null,
    },
    { version: "1", name: "b.sql", at: null, checksum: null, has_source: "false", begun: null },
    { version: "4", name: "4_d.sql", at: "1795360200000", checksum: "c0ffee", begun: '{"statement":2,"xact":"731"}' },
  ];
  const { session } = sessionWith(() => [{ rows: JSON.stringify(rows) }]);
  assert.deepEqual(await readTracker(session, await find({ columns: OWN, unfinished: true })), {
    applied: [
      {
        version: 9007199254740993n,
        name: "a.sql",
        appliedAt: new Date(1795360200123),
        checksum: "c0ffee",
        hasSource: true,
      },
      { version: 1n, name: "b.sql", appliedAt: null, checksum: null, hasSource: false },
    ],
    unfinished: [{
      version: 4n,
      name: "4_d.sql",
      startedAt: new Date(1795360200000),
      statementsDone: 2,
      statementsTotal: null,
      statementSent: null,
      failure: null,
      checksum: "c0ffee",
      xact: "731",
      attempt: 1,
    }],
  });
});

Deno.test("readTracker() asks for no column that a table lacks", async () => {
  const { session, sent } = sessionWith(() => [{ rows: null }]);
  await readTracker(session, await find({ columns: [VERSION, NAME] }));
  assert.doesNotMatch(sent[0]!, /applied_at|[^:]\bchecksum::/);
});

Deno.test("readSources() reads the texts of some versions, and asks nothing where there are none", async () => {
  const { session, sent } = sessionWith(() => [{ version: "1", source: "SELECT 1" }, { version: "2", source: null }]);
  const tracker = await find({ columns: OWN });
  assert.deepEqual(await readSources(session, tracker, [1n, 2n, 3n]), new Map([[1n, "SELECT 1"], [2n, null]]));
  assert.match(sent[0]!, /WHERE version OPERATOR\(pg_catalog\.=\) ANY \('\{1,2,3\}'::pg_catalog\.int8\[\]\)$/);
  await readSources(session, tracker, []);
  assert.deepEqual(await readSources(session, await find({ columns: SCRIPT }), [1n]), new Map());
  assert.equal(sent.length, 1);
});

Deno.test("recordChecksums() writes all in one transaction, and only where there is no checksum", async () => {
  const { session, sent } = sessionWith(() => []);
  await recordChecksums(session, await find({ columns: OWN }), [
    { version: 1n, checksum: "aa", source: "it's" },
    { version: 2n, checksum: "bb", source: null },
  ]);
  assert.deepEqual(sent.map(oneLine), [
    `BEGIN READ WRITE; SET LOCAL search_path = pg_catalog, pg_temp; ` +
    `UPDATE "public"."schema_migrations" SET checksum = 'aa', source = 'it''s' WHERE version OPERATOR(pg_catalog.=) 1 AND checksum IS NULL; ` +
    `UPDATE "public"."schema_migrations" SET checksum = 'bb', source = NULL WHERE version OPERATOR(pg_catalog.=) 2 AND checksum IS NULL; COMMIT`,
  ]);
});

/** What prepareTracker() sends, by the first words of each step. */
async function stepsOf(found: Found, highestVersion: bigint): Promise<readonly string[]> {
  const { session, sent } = sessionWith(() => []);
  await prepareTracker(session, await find(found), { highestVersion, lockTimeoutMs: 5000 });
  assert.ok(sent.length <= 1, "everything goes in one message");
  return (sent[0] ?? "").split(";\n").filter((step) => step !== "").map((step) => oneLine(step).slice(0, 80));
}

Deno.test("prepareTracker() makes both tables in one transaction, and touches nothing when all is there", async () => {
  assert.deepEqual((await stepsOf({}, 1n)).map((step) => step.split(" (")[0]), [
    "BEGIN READ WRITE; SET LOCAL search_path = pg_catalog, pg_temp",
    "SET LOCAL lock_timeout = 5000",
    'CREATE TABLE "public"."schema_migrations"',
    'CREATE TABLE "public"."schema_migrations_unfinished"',
    "COMMIT",
  ]);
  assert.deepEqual(await stepsOf({ columns: OWN, unfinished: true }, 2n ** 63n - 1n), []);
});

Deno.test("prepareTracker() adds what the table of a runner script lacks, and widens version only when one needs it", async () => {
  const steps = await stepsOf({ columns: SCRIPT }, 2147483647n);
  assert.match(steps[2]!, /^ALTER TABLE "public"."schema_migrations" ADD COLUMN checksum TEXT, /);
  assert.match(steps[3]!, /^CREATE TABLE "public"."schema_migrations_unfinished"/);
  assert.equal(steps.length, 5);
  const wider = await stepsOf({ columns: SCRIPT, unfinished: true }, 2147483648n);
  assert.match(wider[3]!, /ALTER COLUMN version TYPE BIGINT$/);
  assert.equal(wider.length, 5);
});

Deno.test("prepareTracker() adds what an older table of unfinished migrations lacks", async () => {
  const steps = await stepsOf({ columns: OWN, unfinished: true, unfinishedColumns: ["statements", "failure"] }, 1n);
  assert.match(steps[2]!, /^ALTER TABLE "public"\."schema_migrations_unfinished" ADD COLUMN sent INTEGER, ADD/);
  assert.equal(steps.length, 4);
});

Deno.test("prepareTracker() that is refused rolls back, and shows the statements for somebody who may run them", async () => {
  const refusal = new ServerError({
    severity: "ERROR",
    sqlstate: "42501",
    message: "permission denied for schema public",
  });
  const { session, sent } = sessionWith((text) => {
    if (text !== "ROLLBACK") throw refusal;
    return [];
  });
  const failure = await failureOf(prepareTracker(session, await find({}), { highestVersion: 1n, lockTimeoutMs: 0 }));
  assert.deepEqual([failure.code, failure.exitCode, failure.details.sqlstate], ["tracker-not-allowed", 1, "42501"]);
  assert.match(failure.message, /public\.schema_migrations: permission denied for schema public$/);
  const shown = failure.details.sql!.join("\n");
  assert.match(shown, /^CREATE TABLE "public"\."schema_migrations" \([^]*\n\);\nCREATE TABLE [^]*\n\);$/);
  assert.equal(sent.at(-1), "ROLLBACK");
});

Deno.test("prepareTracker() that waits too long for a lock says so", async () => {
  const refusal = new ServerError({
    severity: "ERROR",
    sqlstate: "55P03",
    message: "canceling statement due to lock timeout",
  });
  const { session, sent } = sessionWith((text) => {
    if (text.includes("ALTER TABLE")) throw refusal;
    return [{ blockers: null }];
  });
  const preparing = prepareTracker(session, await find({ columns: SCRIPT }), { highestVersion: 1n, lockTimeoutMs: 1 });
  await assert.rejects(preparing, (error) => {
    assert.ok(error instanceof TrackerLocked);
    assert.deepEqual([error.tracker, error.blockers], ["public.schema_migrations", []]);
    return true;
  });
  assert.equal(sent[1], "ROLLBACK");
});

Deno.test("prepareTracker() lets the loss of its session through", async () => {
  const lost = new SessionLost("gone", null);
  const { session } = sessionWith(() => {
    throw lost;
  });
  await assert.rejects(
    prepareTracker(session, await find({}), { highestVersion: 1n, lockTimeoutMs: 0 }),
    (error) => error === lost,
  );
});
