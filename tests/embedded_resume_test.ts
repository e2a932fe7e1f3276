/** Unfinished migrations on an embedded database that is kept in a directory. */

import assert from "node:assert/strict";
import { createDirectory } from "./directory.ts";
import { assertDone, linesOf, resultOf } from "./pgmigrate.ts";
import { programCommand, runProgram } from "./program.ts";
import { waitUntil } from "./wait_until.ts";

/** Its third statement says that it runs, and its fourth takes long. */
const SLOW = `-- pgmigrate: no-transaction
CREATE FUNCTION say() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'here'; END $$;
CREATE TABLE one ();
SELECT say();
SELECT pg_sleep(600);
CREATE TABLE two ();
`;

const ENV = { DATABASE_URL: "embedded:db" };

async function embedded(text: string) {
  const directory = await createDirectory({ "001_a.sql": text });
  return {
    directory,
    run: (...args: readonly string[]) => runProgram(args, { cwd: directory.path, env: ENV }),
    /** Ends a run with a signal once the server has said `here`, and gives its stdout. */
    async end(signal: Deno.Signal) {
      const process = programCommand(["up", "--json"], { cwd: directory.path, env: ENV }).spawn();
      const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      await waitUntil("the third statement", async () => {
        text += (await reader.read()).value ?? "";
        return text.includes('"message":"here"') ? text : null;
      });
      process.kill(signal);
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
      await process.stderr.cancel();
      return { code: (await process.status).code, stdout: text };
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

Deno.test({
  name: "after kill -9 an embedded database knows what was done, and up --retry goes on from there",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await embedded(SLOW);
    await project.end("SIGKILL");
    const status = await project.run("status", "--json");
    const [listed] = linesOf(status.stdout, "migration");
    const done = Number(listed!.statements_done);
    // Whether the notice came before or after its statement was committed is for the processor to say.
    assert.ok(done === 2 || done === 3, status.stdout);
    assert.deepEqual([listed!.state, listed!.statements_total, listed!.line, listed!.failure, listed!.pid], [
      "unfinished",
      5,
      done + 2,
      null,
      null,
    ]);
    const asks = await project.run("up");
    assert.equal(asks.code, 1);
    assert.ok(asks.stderr.startsWith(`error: 001_a.sql has begun and not ended: ${done} of 5 statements are done\n`));
    await project.directory.write("001_a.sql", SLOW.replace("600", "0"));
    assert.match(
      (await project.run("up")).stderr,
      /^error: 001_a\.sql has begun and not ended, and was edited since\n/,
    );
    const retried = await project.run("up", "--retry", "1", "--json");
    assert.equal(retried.code, 0, retried.stdout);
    assert.equal(linesOf(retried.stdout, "notice").length, 3 - done);
    assertDone(await project.run("verify"));
  },
});

Deno.test({
  name:
    "SIGINT on an embedded database says how far it came, and up --mark-applied records what was brought to its end",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await embedded(SLOW);
    const { code, stdout } = await project.end("SIGINT");
    assert.equal(code, 130);
    const [error] = linesOf(stdout, "error");
    assert.equal(error!.code, "interrupted");
    assert.match(String(error!.state), /^[23] of 5 statements of 001_a\.sql are done and stay\. /);
    const marked = await project.run("up", "--mark-applied", "1", "--json");
    assert.equal(marked.code, 0, marked.stdout);
    assert.deepEqual(resultOf(marked.stdout).marked_applied, ["1"]);
    assert.deepEqual(resultOf((await project.run("status", "--json")).stdout).applied, ["1"]);
  },
});

Deno.test({
  name: "a first statement that is interrupted on an embedded database keeps nothing, and the next up begins again",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await embedded("SELECT 1;\n");
    await project.directory.write(
      "001_a.sql",
      "CREATE FUNCTION say() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'here'; END $$;\nSELECT say();\n",
    );
    await project.directory.write("002_b.sql", "-- pgmigrate: no-transaction\nSELECT pg_sleep(600);\nSELECT 1;\n");
    const process = programCommand(["up", "--json"], { cwd: project.directory.path, env: ENV }).spawn();
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    await waitUntil("the second migration", async () => {
      text += (await reader.read()).value ?? "";
      return text.includes('"event":"migration_started","version":"2"') ? text : null;
    });
    process.kill("SIGINT");
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
    await process.stderr.cancel();
    assert.equal((await process.status).code, 130);
    assert.match(
      String(linesOf(text, "error")[0]!.state),
      /^Nothing of 002_b\.sql was kept\. The database is at version 1;/,
    );
    await project.directory.write("002_b.sql", "-- pgmigrate: no-transaction\nSELECT 1;\n");
    const next = await project.run("up", "--json");
    assert.equal(next.code, 0, next.stdout);
    assert.deepEqual(resultOf(next.stdout).applied, ["2"]);
  },
});
