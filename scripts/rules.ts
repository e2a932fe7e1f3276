/** Writes docs/rules/: `deno task rules`. Pages of rules that are gone are removed. */

import { rulePages } from "./rule_pages.ts";

const FOLDER = "docs/rules";

const pages = await rulePages();
await Deno.mkdir(FOLDER, { recursive: true });
for await (const { name } of Deno.readDir(FOLDER)) {
  if (!pages.has(name)) await Deno.remove(`${FOLDER}/${name}`);
}
for (const [name, text] of pages) await Deno.writeTextFile(`${FOLDER}/${name}`, text);
console.log(`${FOLDER}: ${pages.size} pages`);
