import assert from "node:assert/strict";
import fc from "fast-check";
import { STATES } from "../events.ts";
import type { Migration } from "../migration/migration.ts";
import { type AppliedRow, compare, highest, type UnfinishedRow } from "./compare.ts";

function migration(version: bigint, checksum = `sum${version}`): Migration {
  const name = `${version}_a.sql`;
  return { version, name, path: `m/${name}`, checksum, text: "", directives: { noTransaction: false } };
}

function row(version: bigint, checksum: string | null = `sum${version}`, name = `${version}_a.sql`): AppliedRow {
  return { version, name, appliedAt: null, checksum, hasSource: true };
}

function begun(version: bigint): UnfinishedRow {
  return {
    version,
    name: `${version}_begun.sql`,
    startedAt: new Date(0),
    statementsDone: 1,
    statementsTotal: 3,
    statementSent: null,
    failure: null,
    checksum: "c0ffee",
    xact: "731",
    attempt: 1,
  };
}

interface Case {
  readonly title: string;
  readonly files?: readonly Migration[];
  readonly applied?: readonly AppliedRow[];
  readonly unfinished?: readonly UnfinishedRow[];
  readonly expected: readonly string[];
}

const CASES: readonly Case[] = [
  { title: "nothing of nothing", expected: [] },
  { title: "a file without a row is pending", files: [migration(1n)], expected: ["1 pending"] },
  {
    title: "a file with a row of its checksum is applied",
    files: [migration(1n)],
    applied: [row(1n)],
    expected: ["1 applied"],
  },
  {
    title: "a file with a row of another checksum is edited",
    files: [migration(1n)],
    applied: [row(1n, "other")],
    expected: ["1 edited"],
  },
  {
    title: "a file with a row without a checksum is unrecorded",
    files: [migration(1n)],
    applied: [row(1n, null)],
    expected: ["1 unrecorded"],
  },
  { title: "a row without a file is missing", applied: [row(1n)], expected: ["1 missing"] },
  { title: "a row without a file and a checksum is missing too", applied: [row(1n, null)], expected: ["1 missing"] },
  {
    title: "a file below the newest row is out of order, one above it pending",
    files: [migration(1n), migration(2n), migration(3n)],
    applied: [row(2n)],
    expected: ["1 out_of_order", "2 applied", "3 pending"],
  },
  {
    title: "a missing file's row counts as applied when it comes to order",
    files: [migration(1n)],
    applied: [row(2n)],
    expected: ["1 out_of_order", "2 missing"],
  },
  {
    title: "an unfinished one is unfinished, with its file and without",
    files: [migration(1n)],
    unfinished: [begun(1n), begun(2n)],
    expected: ["1 unfinished", "2 unfinished"],
  },
  {
    title: "an unfinished one does not put those before it out of order",
    files: [migration(1n), migration(2n)],
    unfinished: [begun(2n)],
    expected: ["1 pending", "2 unfinished"],
  },
  {
    title: "an unfinished one below the newest row is unfinished, not out of order",
    files: [migration(1n), migration(2n)],
    applied: [row(2n)],
    unfinished: [begun(1n)],
    expected: ["1 unfinished", "2 applied"],
  },
  {
    title: "what the tracker has is applied, be it unfinished as well",
    files: [migration(1n)],
    applied: [row(1n)],
    unfinished: [begun(1n)],
    expected: ["1 applied"],
  },
  {
    title: "versions are compared as numbers past 2^53",
    files: [migration(9007199254740993n), migration(9007199254740992n), migration(9n), migration(10n)],
    applied: [row(9n), row(9007199254740992n)],
    expected: ["9 applied", "10 out_of_order", "9007199254740992 applied", "9007199254740993 pending"],
  },
];

for (const { title, files = [], applied = [], unfinished = [], expected } of CASES) {
  Deno.test(`compare() says: ${title}`, () => {
    const entries = compare(files, { applied, unfinished });
    assert.deepEqual(entries.map(({ version, state }) => `${version} ${state}`), expected);
  });
}

Deno.test("compare() puts file, row and beginning of a version beside each other", () => {
  const [file, applied, unfinished] = [migration(1n), row(1n), begun(1n)];
  assert.deepEqual(compare([file], { applied: [applied], unfinished: [unfinished] }), [{
    version: 1n,
    name: "1_a.sql",
    state: "applied",
    migration: file,
    row: applied,
    unfinished,
    renamedFrom: null,
  }]);
});

Deno.test("compare() names a version after its file, else after its row, else after its beginning", () => {
  const names = compare([migration(1n)], {
    applied: [row(1n, null, "old.sql"), row(2n, null, "row.sql")],
    unfinished: [begun(2n), begun(3n)],
  }).map(({ name }) => name);
  assert.deepEqual(names, ["1_a.sql", "row.sql", "3_begun.sql"]);
});

Deno.test("compare() tells the old name of a renamed file, unless the file was edited or never recorded", () => {
  const renamed = (checksum: string | null, name: string) =>
    compare([migration(1n)], { applied: [row(1n, checksum, name)], unfinished: [] })[0]!.renamedFrom;
  assert.equal(renamed("sum1", "1_b.sql"), "1_b.sql");
  assert.equal(renamed("sum1", "1_a.sql"), null);
  assert.equal(renamed("other", "1_b.sql"), null);
  assert.equal(renamed("sum1", "b"), null, "as a script of its own named it");
  assert.equal(renamed(null, "1_b.sql"), null);
});

/** Few versions, so that files, rows and beginnings of one version meet. */
const versions = fc.uniqueArray(fc.bigInt(1n, 12n));

Deno.test("compare() gives each version once, in order, in one state, whatever order it is told in", () => {
  const checksum = fc.constantFrom("sum", "other", null);
  fc.assert(fc.property(versions, versions, versions, fc.infiniteStream(checksum), (files, rows, unfinished, sums) => {
    const recorded = {
      applied: rows.map((version) => row(version, sums.next().value!)),
      unfinished: unfinished.map(begun),
    };
    const entries = compare(files.map((version) => migration(version, "sum")), recorded);
    const all = [...new Set([...files, ...rows, ...unfinished])].sort((a, b) => Number(a - b));
    assert.deepEqual(entries.map(({ version }) => version), all);
    for (const { version, state, migration, row, unfinished } of entries) {
      assert.ok(STATES.includes(state));
      assert.equal(migration !== null, files.includes(version));
      assert.equal(row !== null, rows.includes(version));
      assert.equal(state === "pending" || state === "out_of_order", row === null && unfinished === null);
      assert.equal(state === "out_of_order", row === null && unfinished === null && version < (highest(rows) ?? 0n));
    }
  }));
});

Deno.test("highest() gives the highest of some versions, and null of none", () => {
  assert.equal(highest([]), null);
  assert.equal(highest([5n]), 5n);
  assert.equal(highest([2n, 9007199254740993n, 9007199254740992n, 10n]), 9007199254740993n);
  assert.equal(highest(new Map([[0n, ""], [-1n, ""]]).keys()), 0n);
});
