import assert from "node:assert/strict";
import { bundle, LICENSES_FILE } from "./bundle.ts";

/** What a deploy that has nothing to do may load: every start parses it. Each import of one more takes as long as 15 KB. */
const IDLE_RUN = { imports: [/^main\.js$/, /^up-\w+\.js$/, /^reach-\w+\.js$/], maxBytes: 180_000 };

/** A script and those that it imports from its beginning. */
async function loadedWith(name: string, directory: string, loaded: Set<string>): Promise<void> {
  if (loaded.has(name)) return;
  loaded.add(name);
  const text = await Deno.readTextFile(`${directory}/${name}`);
  for (const [, other] of text.matchAll(/(?:\bfrom|\bimport)"\.\/([\w-]+\.js)"/g)) {
    await loadedWith(other!, directory, loaded);
  }
}

Deno.test("bundle() writes no source map, no second module format and nothing twice, and an idle run loads little of it", async () => {
  const directory = await Deno.makeTempDir({ prefix: "pgmigrate-bundle-" });
  try {
    await bundle(directory);
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
    const others = names.filter((name) => !/\.(js|wasm\.bin|(wasm|data|tar)\.br|tar\.gz)$/.test(name));
    assert.deepEqual(others, [LICENSES_FILE]);
    assert.ok(!names.some((name) => name.includes("initdb")), "what nobody runs");
    assert.ok(["main.js", "embedded_worker.js", "pgcrypto.tar.gz"].every((name) => names.includes(name)), "what runs");
    for (const name of names.filter((name) => name.endsWith(".js"))) {
      const text = await Deno.readTextFile(`${directory}/${name}`);
      assert.doesNotMatch(text, /sourceMappingURL=/, name);
    }
    for (const packed of ["pglite.wasm", "pglite.data", "prepopulatedfs"]) {
      assert.equal(names.filter((name) => name.startsWith(packed)).length, 1, packed);
    }
    const idle = new Set<string>();
    for (const pattern of IDLE_RUN.imports) {
      const [entry, ...others] = names.filter((name) => pattern.test(name));
      assert.ok(entry !== undefined && others.length === 0, `one script is ${pattern}`);
      await loadedWith(entry, directory, idle);
    }
    const bytes = [...idle].reduce((sum, name) => sum + Deno.statSync(`${directory}/${name}`).size, 0);
    assert.ok(idle.size > IDLE_RUN.imports.length, "imports are found");
    assert.ok(bytes < IDLE_RUN.maxBytes, `${bytes} bytes are loaded by a run that has nothing to do`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
