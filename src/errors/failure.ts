/**
 * What every failure of pgmigrate is made of: its code, its sentence, its hint and its exit code.
 *
 * Each failure is a function in the file of its topic, beside the others of those who throw it: a run loads the topics
 * that it may need. Sentences are in sentence case without a full stop; the next step is the hint. Exit codes are those
 * of the README.
 */

/** Where in a file something is wrong. Lines and columns count from 1; columns count characters (code points). */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The text of that line, without its line end. */
  readonly sourceLine: string;
}

/** What others who hold locks have brought about, and the server's words for it. */
export interface Contention {
  readonly kind: "lock-timeout" | "deadlock";
  readonly message: string;
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
  /** Statements that a person may run by hand, shown under the hint. */
  readonly sql?: readonly string[];
  /** What the state of the database now is. */
  readonly state?: string;
  /** How much of the migration that failed is in the database. */
  readonly kept?: "nothing" | "part" | "unknown";
  /** Others held what the migration needed: it may be tried again. */
  readonly contention?: Contention;
  /** More failures found at the same time, each to be reported as well. */
  readonly others?: readonly Failure[];
}

/** Some failures as the first of them with the others in it; null for none. */
export function together(failures: readonly Failure[]): Failure | null {
  const [first, ...others] = failures;
  return first === undefined || others.length === 0 ? first ?? null : first.with({ others });
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

/** What the server said when it refused or ended a connection: its FATAL message. */
export interface Fatal {
  readonly message: string;
  readonly sqlstate: string;
  readonly detail?: string;
  readonly hint?: string;
}
