import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../errors/failure.ts";
import { formatSums, readSums } from "./sums.ts";

const A = "a".repeat(64);
const B = "0123456789abcdef".repeat(4);

Deno.test("formatSums() writes what readSums() reads, whatever the names hold", () => {
  const migrations = [
    { version: 1n, name: "001_a.sql", checksum: A },
    { version: 2n, name: "2_back\\slash.sql", checksum: B },
    { version: 3n, name: "3_line\nend\r.sql", checksum: A },
    { version: 4n, name: "4_ two  spaces *.sql", checksum: B },
  ];
  const text = formatSums(migrations);
  assert.equal(text.split("\n")[0], `${A}  001_a.sql`);
  assert.equal(text.split("\n")[1], `\\${B}  2_back\\\\slash.sql`);
  assert.equal(text.split("\n").length, 5);
  assert.deepEqual(readSums(text, "sums"), { migrations, ignored: [] });
});

Deno.test("readSums() reads every list of names that formatSums() has written", () => {
  const title = fc.string({ unit: "binary", minLength: 1 }).map((text) => text.replaceAll("/", "\\\n\r"));
  const titles = fc.array(title, { maxLength: 5 });
  fc.assert(fc.property(titles, (titles) => {
    const migrations = titles.map((title, index) => (
      { version: BigInt(index + 1), name: `${index + 1}_${title}.sql`, checksum: B }
    ));
    assert.deepEqual(readSums(formatSums(migrations), "sums"), { migrations, ignored: [] });
  }));
});

Deno.test("readSums() takes binary marks, capitals, CRLF, a BOM, comments, and names that begin with ./", () => {
  const text = `\uFEFF# of main\r\n\r\n${B.toUpperCase()} *./002_b.sql\r\n${A}  001_a.sql\r\n${A}  README.md`;
  assert.deepEqual(readSums(text, "sums"), {
    migrations: [{ version: 1n, name: "001_a.sql", checksum: A }, { version: 2n, name: "002_b.sql", checksum: B }],
    ignored: ["README.md"],
  });
});

for (
  const [what, line] of [
    ["a checksum that is cut off", `${A.slice(1)}  002_b.sql`],
    ["no name", `${A}  `],
    ["one space", `${A} 002_b.sql`],
    ["the BSD format", `SHA256 (002_b.sql) = ${A}`],
    ["a conflict of git", "<<<<<<< HEAD"],
    ["a name outside", `${A}  ../migrations/002_b.sql`],
    ["an escape that does not exist", `\\${A}  002_\\t.sql`],
    ["a version that stands twice", `${A}  1_b.sql`],
  ] as const
) {
  Deno.test(`readSums() refuses ${what}, and names the line`, () => {
    assert.throws(() => readSums(`${A}  001_a.sql\n${line}\n`, "main.sums"), (error) => {
      assert.ok(error instanceof Failure);
      assert.deepEqual([error.code, error.exitCode], ["bad-sums", 2]);
      assert.deepEqual(error.details.place, { file: "main.sums", line: 2, column: 1, sourceLine: line });
      return true;
    });
  });
}
