import assert from "node:assert/strict";
import type { Event } from "../events.ts";
import type { Context } from "./context.ts";
import { reportRenamed } from "./report_files.ts";

Deno.test("reportRenamed() gives the path of the file, with its directory", () => {
  const events: Event[] = [];
  const context = { report: (event: Event) => void events.push(event) } as unknown as Context;
  const migration = {
    version: 4n,
    name: "0004_function.sql",
    path: "db/0004_function.sql",
    checksum: "",
    text: "",
    directives: { noTransaction: false },
  };
  const entry = {
    version: 4n,
    name: migration.name,
    state: "applied",
    migration,
    row: null,
    unfinished: null,
  } as const;
  reportRenamed(context, [{ ...entry, renamedFrom: "0004_old.sql" }, { ...entry, renamedFrom: null }]);
  assert.deepEqual(events, [{
    event: "warning",
    code: "renamed",
    message: "0004_function.sql was applied as 0004_old.sql",
    file: "db/0004_function.sql",
  }]);
});
