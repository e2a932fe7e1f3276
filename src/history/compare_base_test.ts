import assert from "node:assert/strict";
import type { Summed } from "../migration/sums.ts";
import { compareWithBase } from "./compare_base.ts";

/** `1_a=x` is the file 1_a.sql with the content x. */
function files(...written: readonly string[]): readonly Summed[] {
  return written.map((one) => {
    const [name, checksum] = one.split("=");
    return { version: BigInt(/^\d+/.exec(one)![0]), name: `${name}.sql`, checksum: checksum! };
  });
}

function compared(base: readonly Summed[], now: readonly Summed[]): readonly string[] {
  return compareWithBase(base, now).map((one) => {
    switch (one.kind) {
      case "edited":
      case "removed":
        return `${one.base.name} ${one.kind}`;
      case "renamed":
        return `${one.base.name} renamed to ${one.to.name}${one.edited ? " and edited" : ""}`;
      case "numbered-around":
        return `${one.added.name} numbered around ${one.last.name}`;
    }
  });
}

const BASE = files("1_a=a", "2_b=b", "5_c=c");

for (
  const [what, now, expected] of [
    ["nothing of files that are as they were", BASE, []],
    ["nothing of new files with higher numbers", [...BASE, ...files("6_d=d", "7_e=a")], []],
    ["what was edited", files("1_a=x", "2_b=b", "5_c=y"), ["1_a.sql edited", "5_c.sql edited"]],
    ["what was removed", files("1_a=a", "5_c=c"), ["2_b.sql removed"]],
    ["a new name", files("1_a=a", "2_better=b", "5_c=c"), ["2_b.sql renamed to 2_better.sql"]],
    ["a new number", files("1_a=a", "5_c=c", "8_b=b"), ["2_b.sql renamed to 8_b.sql"]],
    ["another width of the number", files("001_a=a", "2_b=b", "5_c=c"), ["1_a.sql renamed to 001_a.sql"]],
    ["a name and a content", files("1_a=a", "2_x=x", "5_c=c"), ["2_b.sql renamed to 2_x.sql and edited"]],
    [
      "two names that were exchanged",
      files("1_b=b", "2_a=a", "5_c=c"),
      ["1_a.sql renamed to 2_a.sql", "2_b.sql renamed to 1_b.sql"],
    ],
    ["a number in between", [...BASE, ...files("3_d=d")], ["3_d.sql numbered around 5_c.sql"]],
    ["a number before all", [...files("0_d=d"), ...BASE], ["0_d.sql numbered around 5_c.sql"]],
    ["nothing left", [], ["1_a.sql removed", "2_b.sql removed", "5_c.sql removed"]],
  ] as const
) {
  Deno.test(`compareWithBase() tells ${what}`, () => assert.deepEqual(compared(BASE, now), expected));
}

Deno.test("compareWithBase() has nothing against any file where the base is empty", () => {
  assert.deepEqual(compared([], BASE), []);
});

Deno.test("compareWithBase() takes the file of the same number for the renamed one where two have its content", () => {
  assert.deepEqual(compared(files("2_b=b"), files("2_x=b", "3_copy=b")), ["2_b.sql renamed to 2_x.sql"]);
});
