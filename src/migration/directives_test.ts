import assert from "node:assert/strict";
import fc from "fast-check";
import { DIRECTIVE_EXAMPLES, type DirectiveProblem, readDirectives } from "./directives.ts";

const NONE = { directives: { noTransaction: false }, problems: [] };
const NO_TRANSACTION = { directives: { noTransaction: true }, problems: [] };

function reasons(text: string): readonly DirectiveProblem["reason"][] {
  return readDirectives(text).problems.map(({ reason }) => reason);
}

/** What may stand above the first statement beside a directive. */
const opening = fc.string({
  unit: fc.constantFrom(
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "\f",
    "-- a comment\n",
    "--\n",
    "----------\r\n",
    "/* block */",
    "/* line one\n   line two */",
    "/* outer /* inner */ -- still a comment */",
    "/*-- not a directive: pgmigrate: */",
    "-- déjà vu 🎉\n",
  ),
  maxLength: 8,
});

/** A directive in the ways in which people write one. */
const directive = fc.record({
  dashes: fc.constantFrom("--", "-- ", "--\t", "--   "),
  tool: fc.constantFrom("pgmigrate", "PGMIGRATE", "Pgmigrate"),
  colon: fc.constantFrom(":", " :", ": ", " : "),
  end: fc.constantFrom("", " ", "\t "),
}).map(({ dashes, tool, colon, end }) => `${dashes}${tool}${colon}no-transaction${end}`);

const statement = fc.constantFrom("", "SELECT 1;", "CREATE INDEX CONCURRENTLY i ON t (a)", "'", "$$ -- x", ";", "é");

Deno.test("readDirectives() finds none in a file without any", () => {
  for (const text of ["", "\n", "SELECT 1;", "-- pgmigrate applies this file\nSELECT 1;", "/* unclosed", "--", "/"]) {
    assert.deepEqual(readDirectives(text), NONE, JSON.stringify(text));
  }
});

Deno.test("readDirectives() finds a directive wherever it stands above the first statement", () => {
  fc.assert(fc.property(opening, directive, statement, (opening, directive, statement) => {
    assert.deepEqual(readDirectives(`${opening}\n${directive}\n${statement}`), NO_TRANSACTION);
  }));
});

Deno.test("readDirectives() finds a directive that ends the file, and one whose line ends with CRLF or a lone CR", () => {
  for (const end of ["", "\r\nSELECT 1;", "\rSELECT 1;", "\n"]) {
    assert.deepEqual(readDirectives(`-- pgmigrate: no-transaction${end}`), NO_TRANSACTION, JSON.stringify(end));
  }
});

Deno.test("readDirectives() says of a directive below the first statement that it is misplaced", () => {
  fc.assert(fc.property(opening, directive, (opening, directive) => {
    const text = `${opening}SELECT 1;\n  ${directive}\n`;
    const { directives, problems } = readDirectives(text);
    const comment = directive.trimEnd();
    assert.deepEqual(directives, { noTransaction: false });
    assert.deepEqual(problems, [{ index: text.lastIndexOf(directive), comment, reason: "misplaced" }]);
  }));
});

Deno.test("readDirectives() says what is wrong with a directive that it cannot take", () => {
  const cases: readonly (readonly [string, DirectiveProblem["reason"]])[] = [
    ["-- pgmigrate: no-transactions", "unknown"],
    ["-- pgmigrate: NO-TRANSACTION", "unknown"],
    ["-- pgmigrate: no transaction", "unknown"],
    ["-- pgmigrate:", "unknown"],
    ["-- pgmigrate: =", "unknown"],
    ["-- pgmigrate: timeout=5s", "unknown"],
    ["-- pgmigrate: __proto__", "unknown"],
    ["-- pgmigrate: no-transaction, no-transaction", "unknown"],
    ["-- pgmigrate: no-transaction=true", "has-value"],
    ["-- pgmigrate: no-transaction =", "has-value"],
    ["-- pgmigrate no-transaction", "misspelt"],
    ["-- no-transaction", "misspelt"],
    ["--pgmigrate no_transaction", "misspelt"],
    ["-- +goose NO TRANSACTION", "misspelt"],
    ["-- migrate:no-transaction", "misspelt"],
    ["-- pg-migrate: no-transaction", "misspelt"],
  ];
  for (const [comment, reason] of cases) {
    const expected = { directives: { noTransaction: false }, problems: [{ index: 3, comment, reason }] };
    assert.deepEqual(readDirectives(`\n\r\n${comment}\nSELECT 1;`), expected, comment);
  }
});

Deno.test("readDirectives() says of a second directive that it stands twice, and takes the first", () => {
  const { directives, problems } = readDirectives("-- pgmigrate: no-transaction\n-- pgmigrate: no-transaction\n");
  assert.deepEqual(directives, { noTransaction: true });
  assert.deepEqual(problems, [{ index: 29, comment: "-- pgmigrate: no-transaction", reason: "repeated" }]);
});

Deno.test("readDirectives() lists all problems of a file", () => {
  assert.deepEqual(reasons("-- pgmigrate: a\n-- pgmigrate: b\nSELECT 1;\n-- pgmigrate: no-transaction\n"), [
    "unknown",
    "unknown",
    "misplaced",
  ]);
});

Deno.test("readDirectives() takes no directive out of a block comment, however it nests", () => {
  for (
    const text of [
      "/*\n-- pgmigrate: no-transaction\n*/ SELECT 1;",
      "/* /* */\n-- pgmigrate: no-transaction\n*/",
      "/* unclosed\n-- pgmigrate: no-transaction\n",
    ]
  ) assert.deepEqual(readDirectives(text), NONE, text);
});

Deno.test("readDirectives() takes or reports every comment above the first statement that names pgmigrate and a colon", () => {
  const word = fc.string({
    unit: fc.constantFrom(..."no-transaction= ,;:*/\\'\"", "\u0085", "\u00a0", "\ufeff", "é", "🎉"),
    maxLength: 20,
  });
  fc.assert(
    fc.property(opening, fc.oneof(word, word.map((word) => `no-transaction${word}`)), (opening, word) => {
      const { directives, problems } = readDirectives(`${opening}\n-- pgmigrate:${word}\nSELECT 1;`);
      assert.equal(problems.length, directives.noTransaction ? 0 : 1);
      if (directives.noTransaction) assert.equal(word.trim(), "no-transaction");
    }),
    { numRuns: 1000 },
  );
});

Deno.test("readDirectives() takes no line or paragraph separator for the end of a comment, as PostgreSQL does not", () => {
  for (const separator of ["\u2028", "\u2029"]) {
    assert.deepEqual(reasons(`-- pgmigrate: no-transaction${separator}x\nSELECT 1;`), ["unknown"]);
    assert.deepEqual(readDirectives(`-- a${separator}-- pgmigrate: no-transaction\nSELECT 1;`), NONE);
    assert.deepEqual(readDirectives(`SELECT '${separator}-- pgmigrate: no-transaction';`), NONE);
  }
});

Deno.test("readDirectives() reads any text, and points at the comments it complains of", () => {
  const anyText = fc.oneof(
    fc.array(fc.nat(0xffff), { maxLength: 200 }).map((units) => String.fromCharCode(...units)),
    fc.string({
      unit: fc.constantFrom(
        "--",
        "/*",
        "*/",
        "\n",
        "\r",
        " ",
        "pgmigrate",
        ":",
        "no-transaction",
        "=",
        ";",
        "'",
        "\u2028",
      ),
      maxLength: 40,
    }),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const { directives, problems } = readDirectives(text);
      assert.equal(typeof directives.noTransaction, "boolean");
      for (const { index, comment } of problems) {
        assert.equal(text.slice(index, index + comment.length), comment);
        assert.ok(comment.startsWith("--"));
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("DIRECTIVE_EXAMPLES are each a directive that is taken", () => {
  for (const example of DIRECTIVE_EXAMPLES) assert.deepEqual(reasons(`-- pgmigrate: ${example}`), [], example);
});

Deno.test("readDirectives() reads what a file sets for itself, in any order and with spaces round the sign", () => {
  const lines = ["statement-timeout = 1h", "lock-budget=0", "lock-attempts= 3", "lock-timeout =250ms"];
  assert.deepEqual(readDirectives(lines.map((line) => `-- pgmigrate: ${line}\n`).join("") + "SELECT 1;"), {
    directives: {
      noTransaction: false,
      lockTimeoutMs: 250,
      lockAttempts: 3,
      lockBudgetMs: 0,
      statementTimeoutMs: 3_600_000,
    },
    problems: [],
  });
});

Deno.test("readDirectives() refuses a value that is none, and says how it is written", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["lock-timeout=5", /no unit.*5s/],
    ["lock-timeout=soon", /500ms, 5s, 2min/],
    ["lock-timeout=5s=5s", /500ms, 5s, 2min/],
    ["lock-timeout=25d", /longest/],
    ["lock-budget=-1s", /500ms, 5s, 2min/],
    ["statement-timeout=5s; DROP TABLE t", /500ms, 5s, 2min/],
    ["lock-attempts=0", /from 1 to/],
    ["lock-attempts=1.5", /from 1 to/],
    ["lock-attempts=1000000", /from 1 to/],
  ];
  for (const [directive, hint] of cases) {
    const { directives, problems: [problem] } = readDirectives(`\n-- pgmigrate: ${directive}\nSELECT 1;`);
    assert.deepEqual(directives, { noTransaction: false }, directive);
    assert.equal(problem?.reason, "bad-value", directive);
    assert.match(problem!.hint!, hint);
  }
  assert.deepEqual(reasons("-- pgmigrate: lock-timeout\n-- pgmigrate: lock-budget=\n"), ["needs-value", "needs-value"]);
  assert.deepEqual(reasons("-- pgmigrate: lock-timeout=1s\n-- pgmigrate: lock-timeout=2s\n"), ["repeated"]);
  assert.deepEqual(reasons("-- pgmigrate lock-timeout=2s\n-- pg-migrate: lock_budget=2s\n"), ["misspelt", "misspelt"]);
  assert.deepEqual(reasons("-- pgmigrate sets lock_timeout = 2s while it waits\n"), []);
});

Deno.test("readDirectives() says that attempts mean nothing outside a transaction, wherever they stand", () => {
  const text = "-- pgmigrate: lock-attempts=3\n-- pgmigrate: no-transaction\n-- pgmigrate: lock-budget=1min\n" +
    "-- pgmigrate: lock-timeout=1s\n";
  assert.deepEqual(reasons(text), ["contradictory", "contradictory"]);
});
