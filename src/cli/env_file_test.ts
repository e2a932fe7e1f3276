import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../errors/failure.ts";
import { parseEnvFile } from "./env_file.ts";

const parse = (text: string) => parseEnvFile(text, ".env");

Deno.test("parseEnvFile() reads names and values, with export, quotes and comments", () => {
  assert.deepEqual(
    parse(`# the database
DATABASE_URL=postgres://ann:p%40ss@db/app?sslmode=require
export PGHOST = db.internal   # where it is
SINGLE='a \\n $b # c'
DOUBLE="line one\\nline \\"two\\" \\$c"
BACK=\`it's "so"\`
EMPTY=
  INDENTED=x
`),
    {
      DATABASE_URL: "postgres://ann:p%40ss@db/app?sslmode=require",
      PGHOST: "db.internal",
      SINGLE: "a \\n $b # c",
      DOUBLE: 'line one\nline "two" $c',
      BACK: `it's "so"`,
      EMPTY: "",
      INDENTED: "x",
    },
  );
});

Deno.test("parseEnvFile() keeps a # inside a value, where it may be part of a password", () => {
  assert.deepEqual(parse("PGPASSWORD=a#b #c"), { PGPASSWORD: "a#b" });
});

Deno.test("parseEnvFile() reads CRLF, a BOM, a value over several lines, and no line end at the end", () => {
  assert.deepEqual(parse('\uFEFFA=1\r\nB="two\r\nlines"\r\nC=3'), { A: "1", B: "two\nlines", C: "3" });
});

Deno.test("parseEnvFile() lets the last of two lines win, and knows no special names", () => {
  const variables = parse("A=1\nA=2\n__proto__=x\n");
  assert.equal(variables["A"], "2");
  assert.deepEqual(Object.keys(variables), ["A", "__proto__"]);
});

Deno.test("parseEnvFile() names the line that it cannot read, and does not show it", () => {
  for (const line of ["secret", "=secret", 'A="secret', "A='secret' more", "1A=secret", "A B=secret"]) {
    assert.throws(
      () => parse(`# one\n\nX="2\n3"\n${line}\nY=1`),
      (error) => error instanceof Failure && error.message === "Cannot read line 5 of .env: it is no NAME=value",
      line,
    );
  }
});

Deno.test("parseEnvFile() gives back any value that stands in single quotes, and throws only failures", () => {
  fc.assert(fc.property(fc.string(), (value) => {
    const text = value.replace(/['\r]/g, "");
    assert.deepEqual(parse(`A='${text}'`), { A: text });
  }));
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."A=\"'`# \\\n\r\t") }), (text) => {
    try {
      parse(text);
    } catch (error) {
      assert(error instanceof Failure);
    }
  }));
});
