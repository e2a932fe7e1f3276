import assert from "node:assert/strict";
import { bundle, LICENSES_FILE } from "./bundle.ts";

Deno.test("bundle() writes no source map, no second module format and nothing twice", async () => {
  const directory = await Deno.makeTempDir({ prefix: "pgmigrate-bundle-" });
  try {
    await bundle(directory);
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
    const others = names.filter((name) => !/\.(js|wasm\.bin|wasm\.gz|data\.gz|tar\.br|tar\.gz)$/.test(name));
    assert.deepEqual(others, [LICENSES_FILE]);
    assert.ok(["main.js", "embedded_worker.js", "pgcrypto.tar.gz"].every((name) => names.includes(name)), "what runs");
    for (const name of names.filter((name) => name.endsWith(".js"))) {
      const text = await Deno.readTextFile(`${directory}/${name}`);
      assert.doesNotMatch(text, /sourceMappingURL=/, name);
    }
    for (const packed of ["pglite.wasm", "pglite.data", "prepopulatedfs"]) {
      assert.equal(names.filter((name) => name.startsWith(packed)).length, 1, packed);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
