/** What is known of migrations that are tried one after the other on an empty database. */

import { Failure, type FailureDetails } from "../errors.ts";
import type { MigrationChecked } from "../events.ts";
import type { CheckedFile, MistakenFile } from "./check_files.ts";
import type { Context } from "./context.ts";
import { missingNeed, missingRole } from "./missing_need.ts";

/** Codes of failures after which there is no session to go on with. */
const LOST: readonly string[] = ["connection-lost", "outcome-unknown", "embedded-failed"];

/** insufficient_privilege (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const NOT_ALLOWED = "42501";

type TriedFile = CheckedFile | MistakenFile;

/** Why a migration is inconclusive. */
type Unknown = Pick<MigrationChecked, "reason" | "line">;

/** Decides the state of each migration, in their order, and reports it. */
export class TrialStates {
  readonly failures: Failure[] = [];
  /** Why nothing behind it can be tried, where it cannot. */
  #end: string | null = null;
  /** The first migration that is not in the database, for want of what the embedded PostgreSQL has not. */
  #missing: string | null = null;
  /** Roles that were made for the rest of the run. */
  readonly #standIns: string[] = [];
  /** What the next migration needs that is not there, even if it works with the roles that were made for it. */
  #needs: readonly string[] = [];
  /** Where the first of that showed. */
  #line: number | null = null;

  constructor(readonly context: Context, readonly isEmbedded: boolean) {}

  get goesOn(): boolean {
    return this.#end === null;
  }

  /** It works; with a role that was made for it, that proves nothing of a server's own. */
  applied(file: CheckedFile): void {
    if (this.#needs.length === 0) this.#report(file, "passed");
    else this.#inconclusive(file, { reason: this.#needsSentence(), line: this.#line });
  }

  skipped(file: TriedFile): void {
    this.#inconclusive(file, { reason: this.#end!, line: null });
  }

  mistaken(file: MistakenFile): void {
    this.#failed(file, file.mistakes);
  }

  /**
   * The role to be made before the migration that failed is tried once more, so that those behind it find what it makes;
   * null where that would not help.
   */
  standInFor({ migration }: TriedFile, { message, details }: Failure): string | null {
    const role = missingRole(message, details);
    // What has run outside a transaction is there already.
    if (role === null || !this.isEmbedded || migration.directives.noTransaction) return null;
    if (this.#standIns.includes(role)) return null;
    this.#standIns.push(role);
    this.#need(`the role ${role}`, details);
    return role;
  }

  /** @throws {Failure} when the server is gone */
  stopped(file: TriedFile, failure: Failure): void {
    const { message, code, details } = failure;
    const { name } = file.migration;
    const line = details.place?.line ?? null;
    if (!this.isEmbedded) {
      if (LOST.includes(code)) throw failure;
      return this.#failed(file, [failure]);
    }
    if (LOST.includes(code)) {
      this.#end = `the embedded PostgreSQL has ended with ${name}`;
      return this.#inconclusive(file, { reason: `the embedded PostgreSQL cannot run it: ${message}`, line });
    }
    const reason = this.#reasonOf(failure);
    if (reason === null) return this.#failed(file, [failure]);
    this.#missing ??= name;
    this.#inconclusive(file, { reason, line: this.#line ?? line });
  }

  /** Why the embedded PostgreSQL may be at fault; null where it is the migration. */
  #reasonOf({ message, details }: Failure): string | null {
    const need = missingNeed(message, details);
    if (need !== null) {
      this.#need(need, details);
      return this.#needsSentence();
    }
    if (this.#missing !== null) return `${message}, and ${this.#missing} could not be tried`;
    const [role] = this.#standIns;
    return details.sqlstate === NOT_ALLOWED && role !== undefined
      ? `${message}, and the role ${role} has no rights here`
      : null;
  }

  #need(what: string, { place }: FailureDetails): void {
    this.#line ??= place?.line ?? null;
    if (!this.#needs.includes(what)) this.#needs = [...this.#needs, what];
  }

  #needsSentence(): string {
    return `needs ${this.#needs.join(" and ")}, which the embedded PostgreSQL has not`;
  }

  #failed(file: TriedFile, failures: readonly Failure[]): void {
    this.failures.push(...failures.map(asFound));
    this.#end ??= `${file.migration.name} failed`;
    this.#report(file, "failed");
  }

  #inconclusive(file: TriedFile, unknown: Unknown): void {
    this.#report(file, "inconclusive", unknown);
  }

  #report(
    { migration: { version, name } }: TriedFile,
    state: MigrationChecked["state"],
    { reason, line }: Unknown = { reason: null, line: null },
  ): void {
    this.#needs = [];
    this.#line = null;
    this.context.report({ event: "migration_checked", version, name, state, reason, line });
  }
}

/** What `up` would say of the state of its database means nothing of one that is gone. */
function asFound({ code, message, details }: Failure): Failure {
  const { state: _state, kept: _kept, ...rest } = details;
  return new Failure(code, 7, message, rest);
}
