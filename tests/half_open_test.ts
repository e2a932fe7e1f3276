import assert from "node:assert/strict";
import { createDeployer } from "./deployer.ts";
import { startProxy } from "./faults/proxy.ts";
import { allGone, begin, hold, runningBackend } from "./lifecycle.ts";
import { assertDone, createProject, linesOf, type Project, resultOf } from "./pgmigrate.ts";
import { sharedServer } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const server = await sharedServer("15");

const FILES = {
  "001_a.sql": "CREATE TABLE log (version int);\nINSERT INTO log VALUES (1);\n",
  "002_b.sql": "INSERT INTO log VALUES (2);\nSELECT pg_advisory_xact_lock(4711);\n",
  "003_c.sql": "-- pgmigrate: no-transaction\nVACUUM log;\n",
};

/** The connection that holds the lock comes first, that of the migrations second. */
const LOCK = 1;
const MIGRATIONS = 2;

async function assertGoesOn(project: Project, DATABASE_URL: string): Promise<void> {
  await allGone(project);
  assertDone(await project.run(["up"], { env: { DATABASE_URL } }));
  assert.deepEqual(await project.query("SELECT version FROM log ORDER BY version"), [{ version: 1 }, { version: 2 }]);
  assert.deepEqual(await project.applied(), ["1", "2", "3"]);
}

/** Runs until the second file waits, then stops some connections without a word, and lets the server go on. */
async function runWithout(stopped: readonly number[], project: Project, url: string) {
  await using gate = await hold(project, "SELECT pg_advisory_xact_lock(4711)");
  let silent = false;
  let sent: "nothing" | "file" | "commit" = "nothing";
  await using proxy = startProxy(server, ({ link, type, text }) => {
    if (type === "Q" && text.includes("4711")) sent = "file";
    else if (type === "Q" && text === "COMMIT" && sent === "file") sent = "commit";
    return silent && stopped.includes(link) ? "stop" : undefined;
  });
  await using run = begin(project, ["up", "--json", "--lock-timeout", "0"], { DATABASE_URL: proxy.url(url) });
  await runningBackend(project, "4711", "Lock");
  await waitUntil("the COMMIT behind it", () => Promise.resolve(sent === "commit" ? true : null));
  silent = true;
  if (stopped.includes(LOCK)) {
    await waitUntil("a lock that is given up", () => Promise.resolve(proxy.givenUp > 0 ? true : null));
  }
  await gate.release();
  return await run.ended();
}

interface Case {
  readonly name: string;
  readonly stopped: readonly number[];
  readonly error: string;
  /** Whether the role becomes another one as it logs in. */
  readonly becomes?: boolean;
}

const CASES: readonly Case[] = [
  { name: "the lock's: the migration ends, and nothing new is begun", stopped: [LOCK], error: "lock-lost" },
  { name: "the migrations': the lock's finds out", stopped: [MIGRATIONS], error: "connection-lost" },
  { name: "both: new ones find out", stopped: [LOCK, MIGRATIONS], error: "lock-lost" },
  {
    name: "both, of a role that becomes another one as it logs in",
    stopped: [LOCK, MIGRATIONS],
    error: "lock-lost",
    becomes: true,
  },
];

Deno.test("failures 29: a connection on which nothing is heard any more is found out, whichever it is", async (t) => {
  // At once, for each waits for some deadlines of many seconds.
  await Promise.all(CASES.map(({ name, stopped, error, becomes }) =>
    t.step({
      name,
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
      async fn() {
        await using project = await createProject(server, FILES);
        await using deployer = await createDeployer(project);
        const url = becomes ? deployer.url : project.url;
        const { code, stdout } = await runWithout(stopped, project, url);
        assert.equal(code, 4, stdout);
        // What the server has done by itself is known.
        assert.deepEqual(resultOf(stdout).applied, ["1", "2"], stdout);
        assert.equal(linesOf(stdout, "error")[0]!.code, error);
        await assertGoesOn(project, url);
      },
    })
  ));
});
