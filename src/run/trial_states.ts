/** What is known of migrations that are tried one after the other on an empty database. */

import { Failure, type FailureDetails } from "../errors/failure.ts";
import type { MigrationChecked } from "../events.ts";
import type { CheckedFile, MistakenFile } from "./check_files.ts";
import type { Context } from "./context.ts";
import { blanked } from "../sql/blanked.ts";
import { placeInFile } from "../sql/sql_file.ts";
import { missingExtension, missingNeed, missingRole } from "./missing_need.ts";
import { Untried } from "./untried.ts";

/** Codes of failures after which there is no session to go on with. */
const LOST: readonly string[] = ["connection-lost", "outcome-unknown", "embedded-failed"];

/** insufficient_privilege (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const NOT_ALLOWED = "42501";

/** Statements of one migration that are left out, one after the other, before nothing of it counts as tried. */
const MOST_LEFT_OUT = 50;

type TriedFile = CheckedFile | MistakenFile;

/** Why a migration is inconclusive. */
type Unknown = Pick<MigrationChecked, "reason" | "line">;

/** Decides the state of each migration, in their order, and reports it. */
export class TrialStates {
  readonly failures: Failure[] = [];
  /** Why nothing behind it can be tried, where it cannot. */
  #end: string | null = null;
  readonly #untried = new Untried();
  /** Roles that were made for the rest of the run. */
  readonly #standIns: string[] = [];
  /** What the next migration needs that is not there, even if it works with the roles that were made for it. */
  #needs: readonly string[] = [];
  /** Why the first of its statements that were left out, for want of something else, could not be tried. */
  #reason: string | null = null;
  /** Where the first of that showed. */
  #line: number | null = null;
  /** How many statements of the next migration were left out. */
  #leftOut = 0;

  constructor(readonly context: Context, readonly isEmbedded: boolean) {}

  get goesOn(): boolean {
    return this.#end === null;
  }

  /** It works, as far as it was tried; with a role that was made for it, that proves nothing of a server's own. */
  applied(file: CheckedFile): void {
    this.#untried.passed(file);
    const reason = this.#knownReason();
    if (reason === null) this.#report(file, "passed");
    else this.#inconclusive(file, { reason, line: this.#line });
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

  /**
   * The migration without the statement that failed, where that may be at fault for want of something: the rest of it is
   * tried then, so that no more is unknown than need be. null where it is to be told as it is.
   */
  async withoutFailed(file: CheckedFile, failure: Failure): Promise<CheckedFile | null> {
    const { migration, statements, copies, text } = file;
    const extent = this.isEmbedded && !LOST.includes(failure.code) ? failedStatement(file, failure) : null;
    // What has run outside a transaction is there already, and the data of a COPY is sent with its statement.
    if (extent === null || migration.directives.noTransaction || copies.length > 0) return null;
    if (this.#leftOut === MOST_LEFT_OUT || await this.#noteReason(file, failure) === null) return null;
    this.#leftOut++;
    await this.#untried.leaveOut(file, extent.start);
    const rest = statements!.filter((statement) => statement !== extent);
    return { ...file, text: blanked(text, [extent]), statements: rest };
  }

  /** @throws {Failure} when the server is gone */
  async stopped(file: CheckedFile, failure: Failure): Promise<void> {
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
    if (await this.#noteReason(file, failure) === null) return this.#failed(file, [failure]);
    await this.#untried.leaveOutAll(file);
    this.#inconclusive(file, { reason: this.#knownReason(), line: this.#line });
  }

  /** Notes why the embedded PostgreSQL may be at fault; null where it is the migration. */
  async #noteReason(file: CheckedFile, failure: Failure): Promise<string | null> {
    const { message, details } = failure;
    const need = missingNeed(message, details);
    if (need !== null) {
      const extension = missingExtension(message, details);
      if (extension !== null) this.#untried.lacks(extension);
      this.#need(need, details);
      return this.#knownReason();
    }
    const start = failedStatement(file, failure)?.start ?? null;
    const excuse = await this.#untried.excuseFor(failure, file, start) ?? this.#excuseOfRole(details);
    if (excuse === null) return null;
    this.#reason ??= `${message}, ${excuse}`;
    this.#line ??= details.place?.line ?? null;
    return this.#reason;
  }

  #excuseOfRole({ sqlstate }: FailureDetails): string | null {
    const [role] = this.#standIns;
    return sqlstate === NOT_ALLOWED && role !== undefined ? `and the role ${role} has no rights here` : null;
  }

  /** What is wanting comes first: the rest may follow from it. */
  #knownReason(): string | null {
    return this.#needs.length === 0 ? this.#reason : this.#needsSentence();
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
    this.#reason = null;
    this.#line = null;
    this.#leftOut = 0;
    this.context.report({ event: "migration_checked", version, name, state, reason, line });
  }
}

/** The statement at the place of a failure; null where it has none. */
function failedStatement({ sql, statements }: CheckedFile, { details: { place } }: Failure) {
  if (place === undefined || statements === null) return null;
  const isBefore = ({ start }: { readonly start: number }) => {
    const { line, column } = placeInFile(sql, start);
    return line < place.line || line === place.line && column <= place.column;
  };
  return statements.findLast(isBefore) ?? null;
}

/** What `up` would say of the state of its database means nothing of one that is gone. */
function asFound({ code, message, details }: Failure): Failure {
  const { state: _state, kept: _kept, ...rest } = details;
  return new Failure(code, 7, message, rest);
}
