/**
 * Every failure that pgmigrate can report: its code, its sentence, its hint and its exit code, on one page.
 *
 * Sentences are in sentence case without a full stop; the next step is the hint. Exit codes are those of the README.
 */

/** Where in a file something is wrong. Lines and columns count from 1; columns count characters (code points). */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The text of that line, without its line end. */
  readonly sourceLine: string;
}

/** What may accompany a failure, each part only where it is known. */
export interface FailureDetails {
  /** What to do next: one or more whole sentences or commands. */
  readonly hint?: string;
  readonly place?: Place;
  /** The file it is about, where there is no place inside it. */
  readonly file?: string;
  readonly sqlstate?: string;
  /** DETAIL of the server. */
  readonly detail?: string;
  /** CONTEXT of the server: the PL/pgSQL call stack and the query inside it. */
  readonly where?: string;
  /** The things it is about, one a line: files, versions, holders of a lock. */
  readonly items?: readonly string[];
  /** What the state of the database now is. */
  readonly state?: string;
}

export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130 | 143;

/** A failure that a user can act on. Anything else that is thrown is a defect of pgmigrate. */
export class Failure extends Error {
  override readonly name = "Failure";
  constructor(
    /** kebab-case; part of the JSON contract. */
    readonly code: string,
    readonly exitCode: ExitCode,
    message: string,
    readonly details: FailureDetails = {},
  ) {
    super(message);
  }

  /** The same failure with more details. */
  with(details: FailureDetails): Failure {
    return new Failure(this.code, this.exitCode, this.message, { ...this.details, ...details });
  }
}
