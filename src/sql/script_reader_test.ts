import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "./parser.ts";
import { ScriptReader } from "./script_reader.ts";

const RUNS = 1_000;

interface Taken {
  readonly sql: string;
  readonly data: readonly string[];
  /** The text of each COPY through the client, `;` included. */
  readonly copies: readonly string[];
  readonly commands: readonly string[];
  readonly lines: readonly number[];
  readonly closed: readonly boolean[];
}

/** What a reader makes of a script that comes in the given pieces. */
function take(pieces: readonly Uint8Array[]): Taken {
  const reader = new ScriptReader();
  const decoder = new TextDecoder("latin1");
  const [data, copies, commands, lines, closed] = [[""], [], [], [], []] as [
    string[],
    [number, number][],
    string[],
    number[],
    boolean[],
  ];
  let sql = "";
  const read = (found: Iterable<ReturnType<ScriptReader["push"]> extends Generator<infer Piece> ? Piece : never>) => {
    for (const piece of found) {
      if (piece.kind === "sql") sql += decoder.decode(piece.bytes);
      else if (piece.kind === "copy") copies.push([piece.start, piece.end]);
      else if (piece.kind === "command") commands.push(piece.text);
      else if (piece.kind === "data") data.push(data.pop()! + decoder.decode(piece.bytes));
      else {
        data.push("");
        lines.push(piece.lines);
        closed.push(piece.closed);
      }
    }
  };
  for (const piece of pieces) read(reader.push(piece));
  read(reader.end());
  return {
    sql,
    data: data.slice(0, -1),
    copies: copies.map(([start, end]) => sql.slice(start, end)),
    commands,
    lines,
    closed,
  };
}

function takeText(text: string): Taken {
  return take([Uint8Array.from(text, (character) => character.charCodeAt(0))]);
}

/** What makes a lexer stumble, far more often than by chance. */
const fragment = fc.constantFrom(
  ..."'\"$-/*();\\.\n\r\t eEuU&_1:,@é\0",
  "copy t from stdin",
  'COPY "from" (a, b) FROM STDIN',
  "copy t to stdout",
  "copy (select 1 from t) to stdout",
  "copy t from 'f'",
  "\n\\.\n",
  "\n\\.\r\n",
  "\\.",
  ";\n",
  "e'",
  "\\'",
  "$a$",
  "$$",
  "$1",
  "--",
  "/*",
  "*/",
  "''",
  "create function f() ",
  "create or replace procedure p() ",
  "begin atomic ",
  " case ",
  " end ",
  "\\restrict x\n",
  "\\set y\n",
);

const script = fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join(""));

/** Cuts bytes at some places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.slice(at[index], end));
}

Deno.test("ScriptReader finds the same in a script however it is cut into pieces", () => {
  const bytes = fc.oneof(
    script.map((text) => new TextEncoder().encode(text)),
    fc.uint8Array({ maxLength: 60 }),
  );
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(400), { maxLength: 12 }), (bytes, places) => {
      const whole = take([bytes]);
      assert.deepEqual(take(cut(bytes, places)), whole);
      assert.deepEqual(take(Array.from(bytes, (byte) => Uint8Array.of(byte))), whole);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("ScriptReader loses no byte: SQL and data with its end are the script again", () => {
  fc.assert(
    fc.property(script, (text) => {
      const bytes = new TextEncoder().encode(text);
      const reader = new ScriptReader();
      let length = 0;
      for (const pieces of [reader.push(bytes), reader.end()]) {
        for (const piece of pieces) {
          if (piece.kind === "sql" || piece.kind === "data") length += piece.bytes.length;
        }
      }
      const { closed } = take([bytes]);
      const least = 2 * closed.filter((closed) => closed).length;
      assert.ok(bytes.length - length >= least && bytes.length - length <= 2 * least);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("ScriptReader leaves a script without COPY and backslashes as it is", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 60 }).filter((text) => !/stdin|stdout|\\/i.test(text));
  fc.assert(fc.property(text, (text) => {
    const bytes = new TextEncoder().encode(text);
    const { sql, copies, commands } = take([bytes]);
    assert.equal(sql, new TextDecoder("latin1").decode(bytes));
    assert.deepEqual([copies, commands], [[], []]);
  }));
});

/** Statements that mean what they say, each with its data where it has one. */
const statement = fc.constantFrom(
  "COPY t FROM stdin;\n1\n;\n'\n$$\n\\.\n",
  'copy "FROM" (a, "to") from/* ; */stdin -- ; \n with (format csv);\r\n\\.\r\n',
  "COPY t FROM STDOUT WHERE a <> ';';\n\\.\n",
  "copy t from 'stdin';\n",
  "copy t from program 'stdin';\n",
  "select 'copy t from stdin;', E'a\\';copy t from stdin;', U&'\\0061', $1;\n",
  "select E'a'\n '\\';', 'b\\', E'''\\'', '''';\n",
  "select e'a' \n '\\';' as \"copy t from stdin;\";\n",
  "select $a$ ; $b$ $a $a$, $$;$$, $é$;$é$, a$b$ from c$d$e; select 1;\n",
  "select /* ; /* ; */ ' */ 1 - -1 --;'\n / 2;\n",
  "create function f() returns int begin atomic select case when true then 1 else 2 end; select 3; end;\n",
  "create or replace procedure p() begin atomic select (case a when 1 then 2 end) as end; select t.case; end;\n",
  "create function begin() returns int as 'select 1;' language sql;\n",
  "create rule r as on insert to t do also (delete from t; select 1);\n",
  "do $$begin copy t from stdin; end$$;\n",
  "  ;;\n",
  "-- copy t from stdin;\n/* copy t from stdin; */\n",
  'create table "a;" (copy int, stdin text);\n',
  "select copy from stdin;\n",
  "begin; commit;\n",
);

Deno.test("ScriptReader finds each COPY FROM stdin where PostgreSQL's parser finds it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(statement, { maxLength: 8 }), async (statements) => {
      const { sql, copies } = take([new TextEncoder().encode(statements.join(""))]);
      const text = new TextDecoder().decode(Uint8Array.from(sql, (character) => character.charCodeAt(0)));
      const outcome = await parse(text);
      assert.ok(outcome.kind === "statements", `${JSON.stringify(outcome)} in ${text}`);
      const parsed = outcome.statements.filter(({ kind, node }) =>
        kind === "CopyStmt" && node.filename === undefined && !node.is_program
      );
      assert.equal(copies.length, parsed.length);
      for (const [index, { text }] of parsed.entries()) assert.ok(copies[index]!.startsWith(text));
    }),
    { numRuns: 500 },
  );
});

Deno.test("ScriptReader begins the data with the line below the COPY, whatever stands behind its semicolon", () => {
  // As psql 15 does it: measured.
  const rest = takeText("copy u from stdin; insert into u values (1);\nx\ny\n\\.\nselect 2;\n");
  assert.deepEqual(rest.data, ["x\ny\n"]);
  assert.equal(rest.sql, "copy u from stdin; insert into u values (1);\nselect 2;\n");
  assert.deepEqual(takeText("copy u from stdin; copy t from stdin;\nx\n\\.\na\tb\n\\.\n").data, ["x\n", "a\tb\n"]);
  const comment = takeText("copy u from stdin; /* open\nx\n\\.\n close */ select 1;\n");
  assert.deepEqual([comment.data, comment.sql], [["x\n"], "copy u from stdin; /* open\n close */ select 1;\n"]);
  const literal = takeText("copy u from stdin; select 'open\nx\n\\.\nclose';\n");
  assert.deepEqual([literal.data, literal.sql], [["x\n"], "copy u from stdin; select 'open\nclose';\n"]);
});

Deno.test("ScriptReader ends data at a line \\. and at the end of the script, in every format", () => {
  const cases: readonly (readonly [string, readonly string[], boolean])[] = [
    ["copy u from stdin;\nx\ny", ["x\ny"], false],
    ["copy u from stdin;\nx\n", ["x\n"], false],
    ["copy u from stdin;\nx\n\\.", ["x\n"], true],
    ["copy u from stdin;\nx\n\\.\r", ["x\n"], true],
    ["copy u from stdin;\nx\n\\", ["x\n\\"], false],
    ["copy u from stdin;", [""], false],
    ["copy u from stdin", [""], false],
    ["copy u from stdin\n", [""], false],
    ["copy u from stdin;\n", [""], false],
    ["copy u from stdin;\n\\.\n", [""], true],
    ["copy t from stdin;\r\nx\ty\r\n\\.\r\n", ["x\ty\r\n"], true],
    [
      "copy u from stdin;\n\\. \n \\.\n\\.x\n\\.\rz\n\\\\.\n\\N\n\\.\n",
      ["\\. \n \\.\n\\.x\n\\.\rz\n\\\\.\n\\N\n"],
      true,
    ],
    ['copy t from stdin csv;\n1,"a\n\\.\nb"\n\\.\n', ['1,"a\n'], true],
  ];
  for (const [text, data, closed] of cases) {
    const taken = takeText(text);
    assert.deepEqual([taken.data, taken.closed[0]], [data, closed], JSON.stringify(text));
  }
});

Deno.test("ScriptReader counts the lines of data as they are counted elsewhere", () => {
  const lines = fc.array(fc.constantFrom("a", "", "\\N", "é", "\\.x"), { maxLength: 6 });
  fc.assert(fc.property(lines, fc.constantFrom("\n", "\r\n"), (lines, end) => {
    const { lines: [count] } = takeText(`copy t from stdin;\n${lines.map((line) => line + end).join("")}\\.${end}`);
    assert.equal(count, lines.length + 1);
  }));
  assert.deepEqual(takeText("copy t from stdin;\na\rb\r\nc\n\\.\rd\n\\.\n").lines, [6]);
});

Deno.test("ScriptReader blanks \\restrict and \\unrestrict, and reports every other command of psql", () => {
  const { sql, commands } = takeText(
    "\\restrict aB1\r\nselect 1;\n  \\unrestrict aB1\n\\set x 'y;\nselect 2\\; select 3;\n\\.\n",
  );
  assert.equal(
    sql,
    "             \nselect 1;\n                 \n          \nselect 2            \n  \n".replace(
      "             \n",
      "              \n",
    ),
  );
  assert.deepEqual(commands, ["\\set x 'y;", "\\; select 3;", "\\."]);
  assert.deepEqual(takeText("select '\\set', \"\\i\", $$\\q$$, E'\\'' -- \\a\n/* \\b */;").commands, []);
});

Deno.test("ScriptReader takes each way to the client for what it is", () => {
  const reader = new ScriptReader();
  const text = "copy t to stdout; COPY (select 1 from a) TO STDIN; copy t from stdin;\n\\.\n";
  const pieces = [...reader.push(new TextEncoder().encode(text)), ...reader.end()];
  const directions = pieces.flatMap((piece) => piece.kind === "copy" ? [piece.direction] : []);
  assert.deepEqual(directions, ["TO stdout", "TO stdout", "FROM stdin"]);
});

Deno.test("ScriptReader takes a time that grows with the script, not with its square", () => {
  const units = [
    "copy t from stdin;",
    "copy t from stdin;\n\\.\n",
    "$",
    "$a",
    "$a$b",
    "/*",
    "\\",
    "\\\n",
    "'",
    "e'\\'",
    "(",
    "\r",
  ];
  for (const unit of [...units, "copy t from stdin;e'", "begin atomic case "]) {
    const bytes = new TextEncoder().encode(`copy t from stdin;${unit.repeat((1 << 20) / unit.length)}`);
    const reader = new ScriptReader();
    const start = performance.now();
    const count = [...reader.push(bytes), ...reader.end()].length;
    assert.ok(count <= bytes.length * 2);
    // It takes at most a second or two; with a square of it, hours.
    assert.ok(performance.now() - start < 30_000, unit);
  }
});
