/** What was injected, and which ways back were taken. */

import { jsonLines, type Line } from "../pgmigrate.ts";
import type { Outcome } from "../program.ts";

/** The ways in which a database gets to where it should be after a fault. Each must be taken at least once. */
export const PATHS = [
  "waited for another run",
  "connection lost in the middle, and said so",
  "lock lost, nothing new begun",
  "COMMIT without an answer found committed",
  "COMMIT without an answer found rolled back",
  "outcome unknown, found by the next run",
  "waited for the backend of a run that is gone",
  "index found built, and recorded",
  "INVALID index dropped and built again",
  "unfinished migration stopped the next run",
  "up --retry",
  "up --mark-applied",
] as const;

export type Path = typeof PATHS[number];

export class Tally {
  readonly #injected = new Map<string, number>();
  readonly #taken = new Map<Path, number>();
  readonly #exits = new Map<string, number>();

  inject(what: string): void {
    add(this.#injected, what);
  }

  take(path: Path): void {
    add(this.#taken, path);
  }

  /** Notes the ways that the output of a run tells of. A run that was killed has told what it has told. */
  read({ code, stdout }: Outcome): readonly Line[] {
    add(this.#exits, String(code));
    const lines = wholeLines(stdout);
    for (const { event, code, message, for: what } of lines) {
      if (event === "waiting" && what === "lock") this.take("waited for another run");
      if (event === "waiting" && what === "backend") this.take("waited for the backend of a run that is gone");
      if (event === "migration_resumed" && /is there and valid/.test(String(message))) {
        this.take("index found built, and recorded");
      }
      if (event === "migration_resumed" && /INVALID/.test(String(message))) {
        this.take("INVALID index dropped and built again");
      }
      if (event !== "error") continue;
      if (code === "connection-lost") this.take("connection lost in the middle, and said so");
      if (code === "lock-lost") this.take("lock lost, nothing new begun");
      if (code === "outcome-unknown") this.take("outcome unknown, found by the next run");
      if (code === "unfinished") this.take("unfinished migration stopped the next run");
    }
    return lines;
  }

  /** The ways that nothing has taken. */
  missed(): readonly Path[] {
    return PATHS.filter((path) => !this.#taken.has(path));
  }

  report(): string {
    return [
      "injected:",
      ...rows(this.#injected),
      "ways back:",
      ...rows(new Map(PATHS.map((path) => [path, this.#taken.get(path) ?? 0]))),
      "exit codes of runs:",
      ...rows(this.#exits),
    ].join("\n");
  }
}

function add<T>(counts: Map<T, number>, what: T): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function rows(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].sort(([one], [other]) => one < other ? -1 : 1)
    .map(([what, count]) => `${String(count).padStart(7)}  ${what}`);
}

/** A run that was killed may have left half a line. */
function wholeLines(stdout: string): readonly Line[] {
  const whole = stdout.slice(0, stdout.lastIndexOf("\n") + 1);
  return whole === "" ? [] : jsonLines(whole);
}
