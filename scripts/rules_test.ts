import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { rulePages } from "./rule_pages.ts";

const FOLDER = fileURLToPath(new URL("../docs/rules/", import.meta.url));

Deno.test("docs/rules has the page of every rule as the rule is now, and no other: else run deno task rules", async () => {
  const pages = await rulePages();
  const names = await Array.fromAsync(Deno.readDir(FOLDER), ({ name }) => name);
  assert.deepEqual(names.toSorted(), [...pages.keys()].toSorted());
  for (const [name, text] of pages) assert.equal(await Deno.readTextFile(FOLDER + name), text, name);
});
