import assert from "node:assert/strict";
import { connect } from "../src/database/connect.ts";
import { parseTarget } from "../src/database/dsn.ts";
import { systemFiles } from "../src/database/setting_files.ts";
import { startProxy } from "./faults/proxy.ts";
import { sharedServer } from "./servers/mod.ts";
import { waitUntil } from "./wait_until.ts";

const server = await sharedServer("15");

Deno.test("failures 13: a cancel request that is late ends no message that was sent after what it was for", async () => {
  await using database = await server.createDatabase();
  const held = Promise.withResolvers<void>();
  const heldBack = Promise.withResolvers<void>();
  let cancels = 0;
  await using proxy = startProxy(server, async ({ type }) => {
    if (type !== "cancel" || ++cancels > 1) return undefined;
    heldBack.resolve();
    await held.promise;
    return undefined;
  });
  const target = await parseTarget({
    url: proxy.url(database.url),
    env: {},
    files: systemFiles,
    os: "other",
    warn: () => {},
  });
  const signal = new AbortController().signal;
  await using opened = await connect(target, { purpose: "write", signal, waitMs: 0, onWait: () => {}, warn: () => {} });
  await using session = await opened.open();
  const slow = session.run("SELECT pg_sleep(600)").then(() => null, (error: Error) => error);
  await waitUntil("the statement runs", async () => {
    const rows = await database.query("SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%'");
    return rows.length > 0 ? true : null;
  });
  const late = session.cancel();
  await heldBack.promise;
  await session.cancel();
  assert.match((await slow)!.message, /canceling statement due to user request/);

  // Long enough for the cancel to meet it, if it is sent before the cancel has arrived.
  const next = session.query("SELECT pg_sleep(1)");
  held.resolve();
  await late;
  assert.equal((await next).length, 1);
});
