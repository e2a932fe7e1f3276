import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const executable = Deno.env.get("PGMIGRATE_TEST_EXECUTABLE");

/** Comes before what `deno compile` puts into an executable: its length in eight bytes, and JSON. */
const MARK = new TextEncoder().encode("d3n0l4nd");

const JSON_START = '{"argv":';

/** What the runtime of an executable reads when it starts. */
async function metadata(path: string): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await Deno.readFile(path);
  const found: string[] = [];
  for (let at = indexOf(bytes, MARK, 0); at >= 0; at = indexOf(bytes, MARK, at + 1)) {
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset + at + MARK.length, 8).getBigUint64(0, true));
    const start = at + MARK.length + 8;
    // The runtime's own code holds the mark too.
    if (length > bytes.length - start) continue;
    const text = new TextDecoder().decode(bytes.subarray(start, start + length));
    if (text.startsWith(JSON_START)) found.push(text);
  }
  assert.equal(found.length, 1, "the executable has the flags of its runtime once");
  return JSON.parse(found[0]!);
}

function indexOf(bytes: Uint8Array, mark: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(mark[0]!, from); at >= 0; at = bytes.indexOf(mark[0]!, at + 1)) {
    if (mark.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

/** The permissions that the README names, in the sentence about the executable. */
async function promised(): Promise<readonly string[]> {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const [, list] = /The executable can use the permissions ([a-z, ]+?) of its runtime,? and no others/.exec(
    readme.replaceAll(/\s+/g, " "),
  )!;
  return list!.split(/, | and /);
}

Deno.test({
  name: "the executable has the permissions that the README says, and neither run nor ffi",
  ignore: executable === undefined,
  async fn() {
    const { permissions, v8_flags } = await metadata(resolve(ROOT, executable!)) as {
      readonly permissions: Readonly<Record<string, unknown>>;
      readonly v8_flags: readonly string[];
    };
    // An empty list means everything of its kind, null nothing.
    const allowed = await promised();
    assert.deepEqual(allowed.toSorted(), ["env", "net", "read", "write"]);
    const expected: Record<string, unknown> = {};
    for (const kind of ["env", "net", "ffi", "read", "run", "sys", "write", "import"]) {
      expected[`allow_${kind}`] = allowed.includes(kind) ? [] : null;
      expected[`deny_${kind}`] = null;
    }
    // Some hosts are allowed by default; the denial of all wins.
    expected["deny_import"] = [];
    const { prompt, allow_import: _hosts, ...lists } = permissions;
    const { allow_import: _none, ...wanted } = expected;
    assert.deepEqual(lists, wanted);
    assert.equal(prompt, false);
    assert.ok(v8_flags.every((flag) => !flag.includes("natives")), "no flag opens the engine's internals");
  },
});
