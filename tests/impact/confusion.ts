/** The confusion table of predicted and measured: what was foreseen, and what came. */

import { type Aspect, ASPECTS, type Told } from "./compare.ts";

/** `possible`: the prediction says that it depends. `unknown`: it says that nobody can know. */
export type Foreseen = "yes" | "possible" | "no" | "unknown";
const FORESEEN: readonly Foreseen[] = ["yes", "possible", "no", "unknown"];

/** A cell that is off the diagonal, with the case that it is in. */
export interface OffDiagonal {
  readonly version: string;
  readonly sql: string;
  /** `lock p2 RowShareLock`, `scan t`, `rewrite t`. */
  readonly cell: string;
  readonly foreseen: Foreseen;
  readonly measured: boolean;
  /** From the case; null for one that nobody has explained. */
  readonly why: string | null;
}

export interface CompareOptions {
  readonly version: string;
  readonly sql: string;
  /** Names of what was there: for the cells that neither side has. */
  readonly relations: readonly string[];
  /** Why the sides differ, by cell. */
  readonly differs: Readonly<Record<string, string>>;
}

/** Nothing else makes a prediction that says that it depends. */
const PLANNED = "An index can do, and whether it does is for the planner to say, by what it knows of the rows";

const WORDS: Readonly<Record<Aspect, string>> = { locks: "lock", scans: "scan", rewrites: "rewrite" };

export class Confusion {
  readonly #counts = new Map<string, number>();
  readonly off: OffDiagonal[] = [];

  add(predicted: Told, measured: Told, { version, sql, relations, differs }: CompareOptions): void {
    for (const aspect of ASPECTS) {
      const [ours, theirs] = [new Set(predicted[aspect]), new Set(measured[aspect])];
      for (const cell of new Set([...ours, ...theirs])) {
        const possible = aspect !== "locks" && predicted.possible.includes(cell);
        const foreseen = ours.has(cell) ? possible ? "possible" : "yes" : predicted.unknown ? "unknown" : "no";
        this.#count(aspect, foreseen, theirs.has(cell));
        if (ours.has(cell) === theirs.has(cell) || foreseen === "unknown") continue;
        const name = `${WORDS[aspect]} ${cell}`;
        const why = differs[name] ?? (foreseen === "possible" ? PLANNED : null);
        this.off.push({ version, sql, cell: name, foreseen, measured: theirs.has(cell), why });
      }
      const named = new Set([...ours, ...theirs].map((cell) => cell.split(" ")[0]!));
      for (const _ of relations.filter((name) => !named.has(name))) {
        this.#count(aspect, predicted.unknown ? "unknown" : "no", false);
      }
    }
  }

  #count(aspect: Aspect, foreseen: Foreseen, measured: boolean): void {
    const key = `${aspect} ${foreseen} ${measured}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** The table, and under it every cell off the diagonal with its explanation. */
  text(): string {
    const head = `${"".padEnd(20)}${"measured".padStart(10)}${"not".padStart(10)}`;
    const rows = ASPECTS.flatMap((aspect) =>
      FORESEEN.flatMap((foreseen) => {
        const [yes, no] = [true, false].map((measured) => this.#counts.get(`${aspect} ${foreseen} ${measured}`) ?? 0);
        const label = `${aspect.padEnd(10)}${foreseen.padEnd(10)}`;
        return yes === 0 && no === 0 ? [] : [`${label}${String(yes).padStart(10)}${String(no).padStart(10)}`];
      })
    );
    return [`predicted`, head, ...rows, "", ...offLines(this.off)].join("\n");
  }
}

function offLines(off: readonly OffDiagonal[]): readonly string[] {
  const versions = new Map<string, string[]>();
  for (const { version, sql, cell, foreseen, measured, why } of off) {
    const what = measured ? `measured, predicted: ${foreseen}` : `predicted: ${foreseen}, not measured`;
    const line = `${sql}\n    ${cell} (${what}): ${why ?? "NOT EXPLAINED"}`;
    versions.set(line, [...versions.get(line) ?? [], version]);
  }
  return [...versions].map(([line, all]) => `[${all.join(", ")}] ${line}`);
}
