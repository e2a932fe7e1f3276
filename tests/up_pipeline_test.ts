import assert from "node:assert/strict";
import { begin, hold, runningBackend } from "./lifecycle.ts";
import { assertDone, createProject, linesOf, type Project, resultOf } from "./pgmigrate.ts";
import { type Server, sharedServer, sharedServers } from "./servers/mod.ts";

const server = await sharedServer("15");

/** A migration that fails in some way, with others on their way behind it. */
interface Way {
  readonly name: string;
  readonly file: string;
  readonly exitCode: number;
  readonly code: string;
  readonly args?: readonly string[];
  /** What goes before the run, and what mends it afterwards. */
  readonly spoil?: string;
  readonly mend?: string;
}

const WAYS: readonly Way[] = [
  {
    name: "an error in its statement",
    file: "CREATE TABLE b ();\nSELECT 1 / 0;\n",
    exitCode: 1,
    code: "migration-failed",
  },
  {
    name: "a constraint that it deferred",
    file: `CREATE TABLE b (n int UNIQUE DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO b VALUES (1), (1);\n`,
    exitCode: 1,
    code: "migration-failed",
  },
  {
    name: "its statement_timeout",
    file: "CREATE TABLE b ();\nSELECT pg_sleep(60);\n",
    args: ["--statement-timeout", "200ms"],
    exitCode: 1,
    code: "migration-failed",
  },
  {
    name: "a trigger that drops its tracker row",
    file: "CREATE TABLE b ();\n",
    spoil: `CREATE FUNCTION drop_two() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RETURN CASE WHEN NEW.version = 2 THEN NULL ELSE NEW END; END $$;
      CREATE TRIGGER drop_two BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION drop_two();`,
    mend: "DROP TRIGGER drop_two ON schema_migrations",
    exitCode: 1,
    code: "not-recorded",
  },
  {
    name: "a tracker that refuses its row at COMMIT",
    file: "CREATE TABLE b ();\n",
    spoil: `CREATE FUNCTION refuse_two() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.version = 2 THEN RAISE 'no two'; END IF; RETURN NEW; END $$;
      CREATE CONSTRAINT TRIGGER refuse_two AFTER INSERT ON schema_migrations
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_two();`,
    mend: "DROP TRIGGER refuse_two ON schema_migrations",
    exitCode: 1,
    code: "not-recorded",
  },
  {
    // All that was deferred is checked before the tracker row; a trigger on that row defers it again.
    name: "its COMMIT itself",
    file: "CREATE TABLE b (n int);\n",
    spoil: `CREATE TABLE audit (version bigint UNIQUE DEFERRABLE INITIALLY DEFERRED);
      INSERT INTO audit VALUES (2);
      CREATE FUNCTION note_row() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN SET CONSTRAINTS ALL DEFERRED; INSERT INTO public.audit VALUES (NEW.version); RETURN NEW; END $$;
      CREATE TRIGGER note_row BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION note_row();`,
    mend: "DELETE FROM audit",
    exitCode: 1,
    code: "not-recorded",
  },
  {
    name: "a file that makes its transaction read only",
    file: "CREATE TABLE b ();\nSET TRANSACTION READ ONLY;\n",
    exitCode: 1,
    code: "not-recorded",
  },
  {
    name: "a file that drops the tracker",
    file: "CREATE TABLE b ();\nDROP TABLE schema_migrations;\n",
    exitCode: 1,
    code: "not-recorded",
  },
];

/** The first is applied by itself, for some ways spoil the tracker, which must be there. */
async function createSpoilt(on: Server, { file, spoil }: Pick<Way, "file" | "spoil">): Promise<Project> {
  const many = Array.from({ length: 50 }, (_, n) => [`${n + 3}_c.sql`, `CREATE TABLE c${n} ();\n`]);
  const project = await createProject(on, {
    "1_a.sql": "CREATE TABLE a ();\n",
    "2_b.sql": file,
    ...Object.fromEntries(many),
  });
  assertDone(await project.run(["up", "--to", "1"]));
  if (spoil !== undefined) await project.query(spoil);
  return project;
}

async function tablesOf(project: Project): Promise<readonly string[]> {
  const rows = await project.query("SELECT tablename FROM pg_tables WHERE tablename ~ '^(a|b|c[0-9]+)$' ORDER BY 1");
  return rows.map(({ tablename }) => String(tablename));
}

for (const { name, args = [], exitCode, code, mend, ...way } of WAYS) {
  Deno.test(`behind a migration that fails by ${name} nothing is run, though it was sent`, async () => {
    await using project = await createSpoilt(server, way);
    const failed = await project.run(["up", "--json", ...args]);
    assert.equal(failed.code, exitCode, failed.stdout + failed.stderr);
    const [error] = linesOf(failed.stdout, "error");
    assert.equal(error!.code, code);
    assert.deepEqual(resultOf(failed.stdout).applied, []);
    assert.deepEqual(await tablesOf(project), ["a"]);
    assert.deepEqual(await project.applied(), ["1"]);

    if (mend !== undefined) await project.query(mend);
    else await project.directory.write("2_b.sql", "CREATE TABLE b ();\n");
    assertDone(await project.run(["up"]));
    assert.equal((await tablesOf(project)).length, 52);
    assert.equal((await project.applied()).length, 52);
    assert.deepEqual(await project.query("SELECT FROM schema_migrations_unfinished"), []);
  });
}

for (const each of await sharedServers()) {
  Deno.test(`behind a migration that is cancelled nothing is run, though it was sent, on ${each.version}`, async () => {
    await using project = await createSpoilt(each, { file: "SELECT 'é€😀', pg_sleep(60);\n" });
    await using run = begin(project, ["up", "--json"]);
    const backend = await runningBackend(project, "pg_sleep");
    await project.query(`SELECT pg_cancel_backend(${backend})`);
    const { code, stdout } = await run.ended();
    assert.equal(code, 1);
    const { sqlstate, file } = linesOf(stdout, "error")[0]!;
    assert.deepEqual({ sqlstate, file }, { sqlstate: "57014", file: "migrations/2_b.sql" });
    assert.deepEqual(await tablesOf(project), ["a"]);
    assert.deepEqual(await project.applied(), ["1"]);
  });
}

Deno.test("a statement that an older server cannot parse has its place in its file, not in what was sent round it", async () => {
  await using project = await createSpoilt(await sharedServer("14"), {
    file: "-- é€😀\nCREATE TABLE b (n int);\nMERGE INTO b USING a ON true WHEN MATCHED THEN DO NOTHING;\n",
  });
  const { code, stdout } = await project.run(["up", "--json"]);
  assert.equal(code, 1);
  const { sqlstate, file, line, column } = linesOf(stdout, "error")[0]!;
  assert.deepEqual({ sqlstate, file, line, column }, {
    sqlstate: "42601",
    file: "migrations/2_b.sql",
    line: 3,
    column: 1,
  });
  assert.deepEqual(linesOf(stdout, "notice"), []);
  assert.deepEqual(await tablesOf(project), ["a"]);
});

Deno.test("an error has its place by characters, and one without a position by its statement", async () => {
  for (
    const { file, line, column } of [
      { file: "SELECT '😀é', nonsense;\n", line: 1, column: 14 },
      { file: "/* é */ CREATE TABLE b (n int);\n\nINSERT INTO b\n  VALUES (1 / 0);\n", line: 3, column: 1 },
      { file: "CREATE TABLE b (n int);\nCREATE TABLE b (n int);\n-- the end", line: 2, column: 1 },
    ]
  ) {
    await using project = await createSpoilt(server, { file });
    const { stdout } = await project.run(["up", "--json"]);
    const error = linesOf(stdout, "error")[0]!;
    assert.deepEqual({ line: error.line, column: error.column }, { line, column }, file);
  }
});

Deno.test("notices belong to the migration that raised them, and come between its beginning and its end", async () => {
  await using project = await createProject(
    server,
    Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`${n + 1}_n.sql`, `DO $$ BEGIN RAISE NOTICE 'from ${n + 1}'; END $$;\n`]),
    ),
  );
  const { code, stdout } = await project.run(["up", "--json"]);
  assert.equal(code, 0);
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  const told = lines.filter(({ event }) => event === "notice" || String(event).startsWith("migration_"))
    .map(({ event, version, message }) => `${event} ${version} ${message ?? ""}`.trim());
  assert.deepEqual(
    told,
    Array.from({ length: 40 }, (_, n) => [
      `migration_started ${n + 1}`,
      `notice ${n + 1} from ${n + 1}`,
      `migration_applied ${n + 1}`,
    ]).flat(),
  );
});

Deno.test("when the connection is lost with many on their way, those that were committed count, and no others", async () => {
  await using project = await createProject(server, {
    ...Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`${n + 1}_a.sql`, `CREATE TABLE a${n} ();\n`])),
    "11_gate.sql": "SELECT pg_advisory_xact_lock(4711);\n",
    ...Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`${n + 12}_b.sql`, `CREATE TABLE b${n} ();\n`])),
  });
  await using gate = await hold(project, "SELECT pg_advisory_xact_lock(4711)");
  await using run = begin(project, ["up", "--json"]);
  const backend = await runningBackend(project, "4711", "Lock");
  await project.query(`SELECT pg_terminate_backend(${backend})`);
  const { code, stdout } = await run.ended();
  await gate.release();
  assert.equal(code, 4);
  const ten = Array.from({ length: 10 }, (_, n) => `${n + 1}`);
  assert.deepEqual(resultOf(stdout).applied, ten);
  assert.match(
    String(linesOf(stdout, "error")[0]!.state),
    /^Nothing of 11_gate\.sql was kept\. The database is at version 10; 11/,
  );
  assert.deepEqual(await project.applied(), ten);
  assertDone(await project.run(["up"]));
  assert.equal((await project.applied()).length, 21);
});
