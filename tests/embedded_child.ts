/** Commits transactions of 20 rows in the embedded database of a directory, until it is killed. */

import { Buffer } from "node:buffer";
import { openEmbedded } from "../src/database/embedded.ts";
import { ask, exchange, startup } from "./embedded_client.ts";

const database = await openEmbedded({ kind: "embedded", directory: Deno.args[0]! });
const socket = await database.dial();
await exchange(socket, startup());
await Deno.stdout.write(Buffer.from("open\n"));
for (;;) {
  await ask(
    socket,
    "BEGIN; INSERT INTO batch SELECT (SELECT max(batch) + 1 FROM batch), g FROM generate_series(1, 20) g; COMMIT",
  );
}
