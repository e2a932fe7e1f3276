import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../errors/failure.ts";
import { type State, STATES } from "../events.ts";
import type { Migration } from "../migration/migration.ts";
import type { Entry } from "./compare.ts";
import { plan, type PlanOptions } from "./plan.ts";

const OPTIONS: PlanOptions = {
  to: null,
  allowOutOfOrder: false,
  stopped: (version) => new Failure("unfinished", 1, `${version} has begun`),
};

function entry(version: bigint, state: State): Entry {
  const name = `${version}_a.sql`;
  const migration: Migration | null = state === "missing" ? null : {
    version,
    name,
    path: `m/${name}`,
    checksum: "",
    text: "",
    directives: { noTransaction: false },
  };
  const applied = state === "applied" || state === "edited" || state === "missing" || state === "unrecorded";
  return {
    version,
    name,
    state,
    migration,
    row: applied ? { version, name, appliedAt: null, checksum: null, hasSource: true } : null,
    unfinished: null,
    renamedFrom: null,
  };
}

/** Entries as they are written: `1 applied, 2 pending`. */
function entries(text: string): readonly Entry[] {
  return text.split(", ").filter((part) => part !== "").map((part) => {
    const [version, state] = part.split(" ");
    return entry(BigInt(version!), state as State);
  });
}

function failuresOf(of: string, options: Partial<PlanOptions>): readonly Failure[] {
  try {
    plan(entries(of), { ...OPTIONS, ...options });
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return [error, ...error.details.others ?? []];
  }
  return assert.fail("nothing was refused");
}

interface RunCase {
  readonly title: string;
  readonly of: string;
  readonly options?: Partial<PlanOptions>;
  readonly run: readonly bigint[];
  readonly rest?: readonly bigint[];
}

const RUNS: readonly RunCase[] = [
  { title: "nothing of nothing", of: "", run: [] },
  { title: "nothing when all is applied", of: "1 applied, 2 applied", run: [] },
  { title: "what is pending, in order", of: "1 applied, 2 pending, 3 pending", run: [2n, 3n] },
  { title: "everything in an empty database", of: "1 pending, 2 pending", run: [1n, 2n] },
  { title: "past what another tool applied", of: "1 unrecorded, 2 pending", run: [2n] },
  {
    title: "up to and with the target, and leaves the rest",
    of: "1 applied, 2 pending, 3 pending, 4 pending",
    options: { to: 3n },
    run: [2n, 3n],
    rest: [4n],
  },
  {
    title: "nothing for a target that is applied, and leaves all of the rest",
    of: "1 applied, 2 applied, 3 pending",
    options: { to: 1n },
    run: [],
    rest: [3n],
  },
  {
    title: "a target past 2^53 to the very number",
    of: "9007199254740992 pending, 9007199254740993 pending",
    options: { to: 9007199254740992n },
    run: [9007199254740992n],
    rest: [9007199254740993n],
  },
  {
    title: "out of order files in their order where that is allowed",
    of: "1 out_of_order, 2 applied, 3 out_of_order, 4 applied, 5 pending",
    options: { allowOutOfOrder: true },
    run: [1n, 3n, 5n],
  },
  {
    title: "out of order files up to the target where that is allowed",
    of: "1 out_of_order, 2 applied, 3 out_of_order, 4 applied, 5 pending",
    options: { allowOutOfOrder: true, to: 2n },
    run: [1n],
    rest: [3n, 5n],
  },
  {
    title: "unfinished ones that go on, in their order, below what is applied too",
    of: "1 unfinished, 2 applied, 3 pending, 4 unfinished, 5 unfinished",
    options: { stopped: () => null, to: 4n },
    run: [1n, 3n, 4n],
    rest: [5n],
  },
];

for (const { title, of, options = {}, run, rest = [] } of RUNS) {
  Deno.test(`plan() runs ${title}`, () => {
    const planned = plan(entries(of), { ...OPTIONS, ...options });
    assert.deepEqual(planned.run.map(({ version }) => version), run);
    assert.deepEqual(planned.rest, rest);
  });
}

interface RefusalCase {
  readonly title: string;
  readonly of: string;
  readonly options?: Partial<PlanOptions>;
  /** Code, exit code and what it is about, of each failure. */
  readonly failures: readonly (readonly [string, number, readonly string[]])[];
}

const REFUSALS: readonly RefusalCase[] = [
  {
    title: "edited files, and names all of them",
    of: "1 edited, 2 applied, 3 edited, 4 pending",
    failures: [["edited", 3, ["1_a.sql", "3_a.sql"]]],
  },
  {
    title: "missing files, and names all of them",
    of: "1 missing, 2 missing, 3 pending",
    failures: [["missing", 3, ["1_a.sql", "2_a.sql"]]],
  },
  {
    title: "files out of order, and names all of them",
    of: "1 out_of_order, 2 out_of_order, 3 applied",
    failures: [["out-of-order", 3, ["1_a.sql", "2_a.sql"]]],
  },
  {
    title: "to go past what is unfinished and does not go on, each with its failure",
    of: "1 unfinished, 2 unfinished, 3 pending",
    failures: [["unfinished", 1, []], ["unfinished", 1, []]],
  },
  {
    title: "an edited file though nothing is pending",
    of: "1 edited",
    failures: [["edited", 3, ["1_a.sql"]]],
  },
  {
    title: "an edited file past the target",
    of: "1 pending, 2 edited",
    options: { to: 1n },
    failures: [["edited", 3, ["2_a.sql"]]],
  },
  {
    title: "edited, missing and unfinished ones where out of order files are allowed",
    of: "1 out_of_order, 2 edited, 3 missing, 4 unfinished",
    options: { allowOutOfOrder: true },
    failures: [["edited", 3, ["2_a.sql"]], ["missing", 3, ["3_a.sql"]], ["unfinished", 1, []]],
  },
  {
    title: "a target that is no version",
    of: "1 applied, 3 pending",
    options: { to: 2n },
    failures: [["unknown-version", 2, []]],
  },
  { title: "a target where there is nothing", of: "", options: { to: 1n }, failures: [["unknown-version", 2, []]] },
  {
    title: "everything that is wrong at once",
    of: "1 edited, 2 missing, 3 out_of_order, 4 applied, 5 unfinished",
    options: { to: 9n },
    failures: [
      ["unknown-version", 2, []],
      ["edited", 3, ["1_a.sql"]],
      ["missing", 3, ["2_a.sql"]],
      ["out-of-order", 3, ["3_a.sql"]],
      ["unfinished", 1, []],
    ],
  },
];

for (const { title, of, options = {}, failures } of REFUSALS) {
  Deno.test(`plan() refuses ${title}`, () => {
    const found = failuresOf(of, options);
    assert.deepEqual(
      found.map(({ code, exitCode, details }) => [code, exitCode, details.items ?? []]),
      failures,
    );
  });
}

Deno.test("plan() proposes to bring files back from the tracker only where it has the text of all of them", () => {
  for (const state of ["edited", "missing"] as const) {
    const hintOf = (...sources: readonly boolean[]) => {
      const all = sources.map((hasSource, index) => {
        const one = entry(BigInt(index + 1), state);
        return { ...one, row: { ...one.row!, hasSource } };
      });
      try {
        plan(all, OPTIONS);
      } catch (error) {
        return (error as Failure).details.hint ?? "";
      }
      return assert.fail("nothing was refused");
    };
    assert.match(hintOf(true, true), /--restore/);
    for (const hint of [hintOf(true, false), hintOf(false)]) {
      assert.doesNotMatch(hint, /--restore/);
      assert.match(hint, /version control/);
    }
  }
});

Deno.test("plan() runs or leaves every waiting migration once, and nothing else, or refuses", () => {
  const anyEntries = fc.array(fc.constantFrom(...STATES, "pending" as const, "applied" as const), { maxLength: 8 })
    .map((states) => states.map((state, index) => entry(BigInt(index + 1), state)));
  const to = fc.option(fc.bigInt(1n, 8n));
  fc.assert(fc.property(anyEntries, to, fc.boolean(), (entries, to, allowOutOfOrder) => {
    const of = (...states: readonly State[]) =>
      entries.filter(({ state }) => states.includes(state)).map(({ version }) => version);
    const refuses = of("edited", "missing", "unfinished").length > 0 ||
      (!allowOutOfOrder && of("out_of_order").length > 0) || (to !== null && to > BigInt(entries.length));
    const decide = () => plan(entries, { ...OPTIONS, to, allowOutOfOrder });
    if (refuses) return assert.throws(decide, Failure);
    const { run, rest } = decide();
    const versions = run.map(({ version }) => version);
    assert.deepEqual([...versions, ...rest], of("pending", "out_of_order"));
    assert.ok(to === null || versions.every((version) => version <= to) && rest.every((version) => version > to));
  }));
});
