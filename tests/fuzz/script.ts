/** What a file may hold that psql would read as more than SQL, and the bytes of files of every size. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Checksum, checksum, piecesWithoutBom } from "../../src/migration/checksum.ts";
import { TextCheck } from "../../src/migration/text_check.ts";
import { psqlCommandFailure } from "../../src/sql/psql_command.ts";
import { readScript, ScriptBuilder } from "../../src/sql/script.ts";
import { fuzzed, longText, text } from "./fuzzed.ts";

/** What makes a lexer stumble, far more often than by chance. */
const fragment = fc.constantFrom(
  ..."'\"$-/*();\\.\n\r\t eEuU&_1:,@é🎉",
  ...["copy t from stdin", 'COPY "from" (a) FROM STDIN', "copy t to stdout", "copy (select 1 from t) to stdout", ";\n"],
  ...[
    "\n\\.\n",
    "\n\\.\r\n",
    "\\.",
    "e'",
    "\\'",
    "$a$",
    "$$",
    "$1",
    "--",
    "/*",
    "*/",
    "''",
    " case ",
    " end ",
    "stdin",
  ],
  ...["create function f() ", "create or replace procedure p() ", "begin atomic ", "\\restrict x\n", "\\set y\n"],
);

const script = fc.oneof(fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join("")), text);

const cuts = fc.array(fc.nat(), { maxLength: 8 });

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.array(fc.constantFrom(0, 0x0a, 0x0d, 0x61, 0x80, 0xbb, 0xbf, 0xc3, 0xe2, 0xef, 0xf0, 0xff), { maxLength: 20 })
    .map((some) => Uint8Array.from(some)),
  text.map((some) => new TextEncoder().encode(some)),
);

function cutAt(whole: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)).toSorted((a, b) => a - b), whole.length];
  return places.slice(1).map((end, index) => whole.subarray(places[index], end));
}

function build(pieces: readonly Uint8Array[]) {
  const builder = new ScriptBuilder();
  for (const piece of pieces) builder.push(piece);
  return builder.end();
}

function checkScript(input: string): void {
  const { sql, copies, toClient, commands } = readScript(input);
  assert.ok(sql.length <= input.length * 4);
  for (const { start, end, cut } of copies) {
    assert.match(sql.slice(start, end), /^copy\b.*;?$/is);
    assert.ok(end <= cut && cut <= sql.length);
  }
  for (const start of toClient) assert.match(sql.slice(start), /^copy\b/i);
  for (const command of commands.slice(0, 10)) {
    assert.ok(command.text.startsWith("\\"));
    psqlCommandFailure({ path: "m/1_a.sql", text: sql, cuts: copies }, command);
  }
}

function checkText(pieces: readonly Uint8Array[]) {
  const check = new TextCheck();
  for (const piece of pieces) check.update(piece);
  check.end();
  return check.problem;
}

async function checksumOf(pieces: readonly Uint8Array[]): Promise<string> {
  const sum = new Checksum();
  async function* all() {
    for (const piece of pieces) yield await Promise.resolve(piece);
  }
  for await (const piece of piecesWithoutBom(all())) sum.update(piece);
  return sum.digest();
}

export const SCRIPT = [
  fuzzed({
    name: "any text is SQL, data and commands of psql, each in its place",
    arbitrary: script,
    corpus: [],
    check: checkScript,
  }),
  fuzzed({
    name: "a script is the same however it is cut into pieces",
    arbitrary: fc.record({ script, cuts }),
    corpus: [],
    check: ({ script, cuts }) => {
      const whole = new TextEncoder().encode(script);
      assert.deepEqual(build(cutAt(whole, cuts)), build([whole]));
      assert.deepEqual(build(Array.from(whole, (byte) => Uint8Array.of(byte))), build([whole]));
    },
  }),
  fuzzed({
    name: "a script is taken apart in time however long it is",
    arbitrary: longText,
    corpus: ["copy t from stdin;", "copy t from stdin;\n\\.\n", "\\\n", "$a$b", "/*", "copy t from stdin;e'"].map((
      unit,
    ) => unit.repeat(20_000)),
    oneIn: 100,
    check: checkScript,
  }),
  fuzzed({
    name: "the bytes of a file are checked and summed alike, whole and in pieces",
    arbitrary: fc.record({ bytes, cuts }),
    corpus: [],
    check: async ({ bytes, cuts }) => {
      const pieces = cutAt(bytes, cuts);
      assert.deepEqual(checkText(pieces), checkText([bytes]));
      assert.equal(await checksumOf(pieces), checksum(bytes));
      const again = new TextEncoder().encode(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
      const valid = !bytes.includes(0) && again.length === bytes.length &&
        again.every((byte, at) => byte === bytes[at]);
      assert.equal(checkText(pieces) === null, valid);
    },
  }),
];
