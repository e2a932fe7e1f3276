import assert from "node:assert/strict";
import { type Session, SessionLost } from "../database/session.ts";
import { Failure } from "../errors/failure.ts";
import type { CheckedFile } from "./check_files.ts";
import type { Context } from "./context.ts";
import { type Run, runMigrations } from "./run_migrations.ts";

Deno.test("runMigrations() begins nothing on a session that is gone, and says why it went", async () => {
  const message = "terminating connection due to administrator command";
  const lost = new SessionLost(message, { severity: "FATAL", sqlstate: "57P01", message });
  const run: Partial<Run> = {
    files: [{ migration: { version: 1n, name: "1_a.sql", path: "m/1_a.sql" } } as CheckedFile],
    session: { alive: false, gone: Promise.resolve(lost) } as Partial<Session> as Session,
    lock: null,
    version: null,
    rest: 0,
    onEnd: () => assert.fail("it was begun"),
  };
  const context = { signal: new AbortController().signal, report: () => {} } as Partial<Context> as Context;
  await assert.rejects(runMigrations(context, run as Run), (error) => {
    assert.ok(error instanceof Failure);
    assert.deepEqual([error.message, error.details.sqlstate, error.details.state], [
      `The connection to the server was lost: ${message}`,
      "57P01",
      "Nothing is applied yet; 1 migration is pending.",
    ]);
    return true;
  });
});
