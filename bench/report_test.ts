import assert from "node:assert/strict";
import { pageWith } from "./report.ts";

Deno.test("pageWith() writes a page that deno fmt leaves as it is, however long the name of the runtime", async () => {
  const page = "# Page\n\n<!-- deno task bench writes what follows -->\n\n<!-- and here it ends -->\n";
  for (const deno of ["deno 2.5.7", "deno 2.5.7 (long term support, release, x86_64-unknown-linux-gnu)"]) {
    const row = { what: "start", tool: "hello", value: "28 ms", ratio: "", target: "" };
    const written = pageWith(page, { rows: [row], versions: ["psql: psql (PostgreSQL) 15"], commands: ["psql"], deno });
    const args = ["fmt", "--ext=md", "--line-width=120", "--no-config", "-"];
    const fmt = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" }).spawn();
    const ended = fmt.output();
    const writer = fmt.stdin.getWriter();
    await writer.write(new TextEncoder().encode(written));
    await writer.close();
    assert.equal(new TextDecoder().decode((await ended).stdout), written);
  }
});
