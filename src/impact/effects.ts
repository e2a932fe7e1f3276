/** Gathers what a statement does while its parts are looked at. */

import type { Catalog, QualifiedName } from "../catalog/catalog.ts";
import { qualified } from "../catalog/catalog.ts";
import type { Impact, LockMode, WholePass } from "./impact.ts";
import { strongest } from "./lock_strength.ts";

/** What the judging of a statement goes by, and where it writes what it finds. */
export interface Scope {
  /** As it is before the statement. */
  readonly catalog: Catalog;
  /** The major version of the server. */
  readonly postgresVersion: number;
  readonly effects: Effects;
}

interface Locked {
  readonly relation: QualifiedName;
  readonly modes: Set<LockMode>;
}

export class Effects {
  readonly #locks = new Map<string, Locked>();
  readonly #scans = new Map<string, WholePass>();
  readonly #rewrites = new Map<string, WholePass>();
  #unknown: string | null = null;

  lock({ schema, name }: QualifiedName, mode: LockMode): void {
    const key = qualified({ schema, name });
    const locked = this.#locks.get(key) ?? { relation: { schema, name }, modes: new Set() };
    locked.modes.add(mode);
    this.#locks.set(key, locked);
  }

  /** @param reason the end of a sentence: `every row is checked for NULL` */
  scan(relation: QualifiedName, reason: string, certain = true): void {
    note(this.#scans, { relation, reason, certain });
  }

  /** @param reason the end of a sentence */
  rewrite(relation: QualifiedName, reason: string, certain = true): void {
    note(this.#rewrites, { relation, reason, certain });
  }

  /** @param why a whole sentence without a full stop; the first one stays */
  notKnown(why: string): void {
    this.#unknown ??= why;
  }

  impact(): Impact {
    return {
      locks: [...this.#locks.values()].flatMap(({ relation, modes }) =>
        strongest(modes).map((mode) => ({ relation, mode }))
      ),
      scans: [...this.#scans.values()],
      rewrites: [...this.#rewrites.values()],
      unknown: this.#unknown,
    };
  }
}

/** The first reason stays, unless a later one is more certain. */
function note(passes: Map<string, WholePass>, { relation: { schema, name }, reason, certain }: WholePass): void {
  const key = qualified({ schema, name });
  const before = passes.get(key);
  if (before === undefined || (certain && !before.certain)) {
    passes.set(key, { relation: { schema, name }, reason, certain });
  }
}
