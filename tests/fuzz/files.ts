/** What a directory of migrations may hold, and what is read of it before any SQL. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../src/errors/failure.ts";
import { readDirectives } from "../../src/migration/directives.ts";
import { MAX_VERSION } from "../../src/migration/file_name.ts";
import { readMigrations } from "../../src/migration/read_migrations.ts";
import { placeAtIndex, positionAt } from "../../src/sql/positions.ts";
import { positionInFile } from "../../src/sql/sql_file.ts";
import { fuzzed, longText, text } from "./fuzzed.ts";

const name = fc.oneof(
  text,
  fc.tuple(fc.bigInt(-1n, 2n ** 64n), text).map(([version, title]) => `${version}_${title}.sql`),
  fc.constantFrom("1_a.sql", "001_a.sql", "1_../../x.sql", "9".repeat(400) + "_a.sql", "1_.sql", "_a.sql", "1_a.sql "),
);

const content = fc.oneof(text.map((some) => new TextEncoder().encode(some)), fc.uint8Array({ maxLength: 30 }));

/** Directives in every spelling among other comments, and SQL behind them. */
const opening = fc.array(
  fc.oneof(
    text,
    fc.tuple(
      fc.constantFrom("--", "-- ", "--\t"),
      fc.constantFrom("pgmigrate:", "pgmigrate", "pg-migrate:", "PGMIGRATE :"),
      text,
    ).map((parts) => parts.join(" ")),
  ),
  { maxLength: 4 },
).map((lines) => lines.join("\n"));

function checkDirectives(input: string): void {
  const { problems, directives } = readDirectives(input);
  for (const { index, comment } of problems) assert.equal(input.slice(index, index + comment.length), comment);
  for (const value of Object.values(directives)) {
    assert.ok(typeof value === "boolean" || (Number.isSafeInteger(value) && value >= 0), String(value));
  }
}

export const FILES = [
  fuzzed({
    name: "directives are read from any text, and every problem stands where it says",
    arbitrary: opening,
    corpus: [],
    check: checkDirectives,
  }),
  fuzzed({
    name: "directives and places are found in time however long the text is",
    arbitrary: longText,
    corpus: [
      `--${":".repeat(200_000)}`,
      `--+${":".repeat(200_000)}x`,
      `-- ${" ".repeat(200_000)}x`,
      `-- pgmigrate: a${" ".repeat(200_000)}x`,
    ],
    oneIn: 100,
    check: (input) => {
      checkDirectives(input);
      positionInFile({ path: "1_a.sql", text: input }, { start: 0, position: input.length });
      placeAtIndex(input, input.length);
      positionAt(input, input.length);
    },
  }),
  fuzzed({
    name: "a directory is migrations in order, or failures that name its files",
    arbitrary: fc.uniqueArray(fc.record({ name, content, isFile: fc.boolean() }), {
      maxLength: 4,
      selector: (entry) => entry.name,
    }),
    corpus: [],
    check: async (entries) => {
      const contentOf = (path: string) => entries.find((entry) => path === `m/${entry.name}`)!.content;
      const files = {
        list: () => Promise.resolve(entries),
        isPlainName: () => true,
        read: (path: string, maxBytes: number) =>
          Promise.resolve(contentOf(path).length > maxBytes ? null : contentOf(path)),
        stream: () => assert.fail("a small file is not streamed"),
        create: () => Promise.reject(new Error("nothing is to be written")),
        replace: () => Promise.reject(new Error("nothing is to be written")),
      };
      try {
        const { migrations, ignored } = await readMigrations(files, "m");
        assert.equal(migrations.length + ignored.length, entries.length);
        const versions = migrations.map(({ version }) => version);
        assert.deepEqual(versions, versions.toSorted((a, b) => a < b ? -1 : 1));
        assert.equal(new Set(versions).size, versions.length);
        for (const version of versions) assert.ok(version > 0n && version <= MAX_VERSION);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        assert.equal(error.exitCode, 2);
      }
    },
  }),
];
