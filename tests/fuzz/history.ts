/** Rows of a tracker that anybody may have written, and what is made of them. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../src/errors/failure.ts";
import { compare, type Recorded } from "../../src/history/compare.ts";
import { plan } from "../../src/history/plan.ts";
import { stateDigest } from "../../src/history/state_digest.ts";
import type { Migration } from "../../src/migration/migration.ts";
import { fuzzed, text } from "./fuzzed.ts";

const version = fc.oneof(fc.bigInt(-3n, 6n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));

const checksum = fc.constantFrom("aa", "bb");

const migrations: fc.Arbitrary<readonly Migration[]> = fc.uniqueArray(
  fc.record({ version: version.filter((one) => one > 0n), name: text, checksum, text }),
  { maxLength: 5, selector: (one) => one.version },
).map((all) =>
  all.toSorted((a, b) => a.version < b.version ? -1 : 1).map((one) => ({
    ...one,
    path: one.name,
    directives: { noTransaction: false },
  }))
);

const recorded: fc.Arbitrary<Recorded> = fc.record({
  applied: fc.array(
    fc.record({
      version,
      name: text,
      appliedAt: fc.constant(null),
      checksum: fc.option(checksum),
      hasSource: fc.boolean(),
    }),
    {
      maxLength: 5,
    },
  ),
  unfinished: fc.array(
    fc.record({
      version,
      name: text,
      startedAt: fc.constant(new Date(0)),
      statementsDone: fc.nat(3),
      statementsTotal: fc.option(fc.nat(3)),
      statementSent: fc.option(fc.nat(3)),
      failure: fc.option(text),
      checksum,
      xact: fc.constant("7"),
      attempt: fc.nat(3),
    }),
    { maxLength: 2 },
  ),
});

export const HISTORY = [
  fuzzed({
    name: "whatever the tracker holds, nothing that it has is run again, and nothing runs over what does not match",
    arbitrary: fc.record({ migrations, recorded, to: fc.option(version), stops: fc.boolean() }),
    corpus: [],
    check: ({ migrations, recorded, to, stops }) => {
      const entries = compare(migrations, recorded);
      stateDigest(recorded.applied);
      const known = new Map(recorded.applied.map((row) => [row.version, row]));
      try {
        const stopped = (version: bigint) =>
          stops || !migrations.some((one) => one.version === version) ? new Failure("unfinished", 1, "stopped") : null;
        const { run, rest } = plan(entries, { to, allowOutOfOrder: !stops, stopped });
        for (const { version } of run) assert.ok(!known.has(version));
        if (stops) assert.deepEqual(recorded.unfinished.filter((row) => !known.has(row.version)), []);
        assert.equal(run.length + rest.length, migrations.filter((one) => !known.has(one.version)).length);
        for (const one of migrations) {
          const row = known.get(one.version);
          if (row?.checksum != null) assert.equal(row.checksum, one.checksum);
        }
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
      }
    },
  }),
];
