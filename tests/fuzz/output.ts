/** What is shown: whatever a server, a file or a name says, in every format. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure, type FailureDetails } from "../../src/errors/failure.ts";
import { type Event, STATES } from "../../src/events.ts";
import { codeFrame } from "../../src/output/code_frame.ts";
import { createRenderer } from "../../src/output/create_renderer.ts";
import type { Format, RenderOptions } from "../../src/output/renderer.ts";
import { style } from "../../src/output/style.ts";
import { textWidth } from "../../src/output/width.ts";
import { fuzzed, longText, password, text } from "./fuzzed.ts";

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const place = fc.record({ file: text, line: fc.nat(5000), column: fc.nat(60), sourceLine: text });

/** Parts of a failure that came from a server, a file or a name. */
const parts = fc.record({
  message: text,
  place: optional(place),
  file: optional(text),
  sqlstate: optional(fc.constantFrom("42601", "P0001")),
  detail: optional(text),
  hint: optional(text),
  where: optional(text),
  items: optional(fc.array(text, { maxLength: 3 })),
  sql: optional(fc.array(text, { maxLength: 2 })),
  state: optional(text),
});

function failure({ message, ...details }: { readonly message: string }): Failure {
  const given = Object.entries(details).filter(([, value]) => value !== undefined);
  return new Failure("migration-failed", 1, message, Object.fromEntries(given) as FailureDetails);
}

const step = fc.record({ version: fc.bigInt(1n, 2n ** 63n - 1n), name: text, index: fc.nat(9), total: fc.nat(9) });

const changes = fc.array(fc.record({ kind: fc.constantFrom("removed" as const, "added" as const), text }), {
  maxLength: 3,
});

/** Everything that is reported on the way, with the texts of others in it. */
const event: fc.Arbitrary<Event> = fc.oneof(
  parts.map((some): Event => ({ event: "error", failure: failure(some) })),
  fc.tuple(step, text, text).map(([{ version, name }, message, hint]): Event => ({
    event: "notice",
    severity: "WARNING",
    message,
    detail: hint,
    hint,
    version,
    name,
  })),
  fc.tuple(text, text, text).map(([message, hint, file]): Event => ({
    event: "warning",
    code: "some-code",
    message,
    hint,
    file,
  })),
  text.map((message): Event => ({ event: "waiting", for: "lock", message })),
  text.map((message): Event => ({ event: "detail", message })),
  fc.tuple(step, text).map(([{ version, name }, message]): Event => ({
    event: "migration_resumed",
    version,
    name,
    message,
  })),
  step.map(({ version, name }): Event => ({ event: "migration_marked", version, name })),
  step.map((some): Event => ({ event: "migration_started", ...some })),
  step.map((some): Event => ({ event: "migration_planned", ...some, transactional: false })),
  step.map((some): Event => ({ event: "migration_failed", ...some, durationMs: 3.4 })),
  fc.tuple(step, fc.constantFrom(...STATES), text, changes).map((
    [{ version, name }, state, renamedFrom, lines],
  ): Event => ({
    event: "migration",
    version,
    name,
    state,
    appliedAt: null,
    checksum: null,
    renamedFrom,
    edit: { kind: "sql", lines },
    unfinished: {
      startedAt: new Date(0),
      statementsDone: 1,
      statementsTotal: null,
      line: 3,
      failure: renamedFrom,
      pid: null,
    },
  })),
);

const result = fc.tuple(text, fc.boolean()).map(([file, ok]): Event => ({
  event: "result",
  command: "verify",
  ok,
  exitCode: ok ? 0 : 3,
  answer: {
    command: "verify",
    versions: Object.fromEntries(STATES.map((state) => [state, []])) as never,
    stateDigest: "0",
    recorded: [],
    restored: [file],
    restorable: [],
  },
}));

const options: fc.Arbitrary<RenderOptions> = fc.record({
  color: fc.record({ stdout: fc.boolean(), stderr: fc.boolean() }),
  live: fc.boolean(),
  quiet: fc.boolean(),
  verbose: fc.boolean(),
  columns: fc.option(fc.integer({ min: 1, max: 200 })),
  migrations: text,
});

const PLAIN: RenderOptions = {
  color: { stdout: false, stderr: false },
  live: false,
  quiet: false,
  verbose: false,
  columns: null,
  migrations: "m",
};

/** What some events write to each stream. */
async function render(format: Format, { events, options }: { events: readonly Event[]; options: RenderOptions }) {
  const renderer = await createRenderer(format, options, { proves: true });
  const written = { stdout: "", stderr: "" };
  for (const event of events) for (const { stream, text } of renderer(event)) written[stream] += text;
  return written;
}

/** What pgmigrate itself sends to a terminal: colours, and the live line, which it erases. */
// deno-lint-ignore no-control-regex -- this is what it looks for
const OWN_CODES = /\x1b\[\d+m|\r\x1b\[K/g;

// deno-lint-ignore no-control-regex -- what must not be there
const OBEYED = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

function assertNothingForged(format: Format, { stdout, stderr }: { stdout: string; stderr: string }): void {
  for (const line of `${stdout}\n${stderr}`.replaceAll(OWN_CODES, "").split("\n")) {
    assert.doesNotMatch(line, OBEYED, format);
    assert.doesNotMatch(line, /##(vso|teamcity)?\[/i, format);
    if (format !== "github") assert.doesNotMatch(line, /^\s*::/, format);
  }
}

/** A workflow command of ours: its properties hold no raw `:`, `,` or line end that could end them. */
const COMMAND = /^::(error|warning) (file=[^,:]*,)?(line=\d+,)?(col=\d+,)?title=pgmigrate%3A [^,:]*::[^\n]*$/;

export const OUTPUT = [
  fuzzed({
    name: "nothing that is shown to people forges a line, a colour or a command to a CI server",
    arbitrary: fc.record({ events: fc.array(event, { maxLength: 4 }), last: result, options }),
    corpus: [],
    check: async ({ events, last, options }) => {
      assertNothingForged("human", await render("human", { events: [...events, last], options }));
    },
  }),
  fuzzed({
    name: "an error begins one line with a word of ours, and all others are known",
    arbitrary: parts,
    corpus: [],
    check: async (some) => {
      const { stdout, stderr } = await render("human", {
        events: [{ event: "error", failure: failure({ ...some, state: undefined } as never) }],
        options: PLAIN,
      });
      assert.equal(stdout, "");
      const lines = stderr.split("\n").slice(0, -1);
      assert.equal(lines.filter((line) => line.startsWith("error:")).length, 1, stderr);
      for (const line of lines) assert.match(line, /^(error|detail|context|hint): |^ +(\||-->|-|\d+ \|)|^ {4}/, stderr);
    },
  }),
  fuzzed({
    name: "JSON is one valid object a line, whatever is in it",
    arbitrary: fc.record({ events: fc.array(event, { maxLength: 4 }), last: result, options }),
    corpus: [],
    check: async ({ events, last, options }) => {
      const { stdout, stderr } = await render("json", { events: [...events, last], options });
      assert.equal(stderr, "");
      const expected = [...events, last].filter((one) => one.event !== "detail" || options.verbose);
      const lines = stdout.split("\n");
      assert.equal(lines.pop(), "");
      assert.deepEqual(lines.map((line) => (JSON.parse(line) as Event).event), expected.map((one) => one.event));
      assertNothingForged("json", { stdout, stderr });
    },
  }),
  fuzzed({
    name: "GitHub gets whole commands of ours and no others",
    arbitrary: fc.record({ events: fc.array(event, { maxLength: 4 }), last: result, options }),
    corpus: [{
      events: [{ event: "warning", code: "some-code", message: "", hint: "", file: "##vso[x]" }],
      last: { event: "result", command: "verify", ok: true, exitCode: 0, answer: null },
      options: PLAIN,
    }],
    check: async ({ events, last, options }) => {
      const written = await render("github", { events: [...events, last], options });
      assertNothingForged("github", written);
      assert.doesNotMatch(written.stderr.replaceAll(OWN_CODES, ""), /^\s*::/m);
      for (const line of written.stdout.split("\n")) {
        if (/^\s*::/.test(line)) assert.match(line, COMMAND);
      }
    },
  }),
  fuzzed({
    name: "no password of SQL or of a URL is shown, in any format",
    arbitrary: fc.record({ secret: password, before: text, after: text, options, parts }),
    corpus: [],
    check: async ({ secret, before, after, options, parts }) => {
      const sql = `ALTER ROLE a PASSWORD '${secret.replaceAll("'", "''")}'; `;
      const url = ` postgres://u:${secret}@h/d `;
      // A word before could make part of what follows: a quote that is open, an escape.
      const line = `${before.replaceAll(/['"\\$]/g, "")} ${sql}${url}${after}`;
      const events: Event[] = [
        {
          event: "error",
          failure: failure({
            ...parts,
            message: `at or near "'${secret}'"`,
            detail: url,
            where: `SQL statement "${sql}"`,
            place: { file: "f", line: 1, column: 9, sourceLine: line },
          } as never),
        },
        { event: "notice", severity: "WARNING", message: sql, detail: url, hint: sql },
        { event: "warning", code: "c", message: url, hint: sql },
        { event: "waiting", for: "lock", message: `held by: ${sql}` },
        {
          event: "migration",
          version: 1n,
          name: "1_a.sql",
          state: "edited",
          appliedAt: null,
          checksum: null,
          edit: { kind: "sql", lines: [{ kind: "removed", text: sql }, { kind: "added", text: url }] },
          unfinished: {
            startedAt: new Date(0),
            statementsDone: 1,
            statementsTotal: null,
            line: 3,
            failure: sql,
            pid: null,
          },
        },
      ];
      for (const format of ["human", "json", "github"] as const) {
        const { stdout, stderr } = await render(format, { events, options });
        const middle = /Zx\d+qJ.*?Wv7/su.exec(secret)![0];
        assert.ok(!(stdout + stderr).includes(middle), stdout + stderr);
      }
    },
  }),
  fuzzed({
    name: "a code frame is four lines that fit the terminal, with the caret inside",
    arbitrary: fc.record({ place, columns: fc.integer({ min: 40, max: 200 }) }),
    corpus: [{ place: { file: "", line: 1, column: 1, sourceLine: "\0" }, columns: 40 }],
    check: ({ place, columns }) => {
      const lines = codeFrame(place, { columns, style: style(false) });
      assert.equal(lines.length, 4);
      for (const line of lines) assert.doesNotMatch(line, /\n/);
      assert.match(lines[3]!, /^ +\| [\s]*\^$/);
      if (!place.sourceLine.includes("\t")) assert.ok(textWidth(lines[2]!) <= columns, lines[2]);
    },
  }),
  fuzzed({
    name: "text of any length is shown in time",
    arbitrary: longText,
    corpus: [
      "*/PASSWORD '".repeat(16_000),
      Array.from({ length: 15_000 }, (_, index) => `PASSWORD 'x${index}'`).join(" "),
      "\n'".repeat(150_000),
      " ".repeat(200_000) + "x",
      "a".repeat(200_000),
      "password='".repeat(20_000),
      "://a:".repeat(40_000),
    ],
    oneIn: 100,
    check: async (input) => {
      const place = { file: "f", line: 1, column: input.length >> 1, sourceLine: input };
      const events: Event[] = [
        { event: "error", failure: failure({ message: input, place, detail: input, where: input } as never) },
        { event: "notice", severity: "WARNING", message: input },
      ];
      const plain = { color: { stdout: true, stderr: true }, live: true, quiet: false, verbose: true };
      for (const format of ["human", "json", "github"] as const) {
        await render(format, { events, options: { ...plain, columns: 80, migrations: "m" } });
      }
    },
  }),
];
