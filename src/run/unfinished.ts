/** What `up` does with migrations that have begun and not ended. */

import type { Tracker } from "../database/find_tracker.ts";
import type { Session } from "../database/session.ts";
import { readBegunSource } from "../database/tracker.ts";
import type { Failure, Place } from "../errors/failure.ts";
import {
  cannotGoOnInTransaction,
  doneStatementEdited,
  unfinishedMigration,
  unfinishedWithoutFile,
} from "../errors/unfinished.ts";
import type { Entry, UnfinishedRow } from "../history/compare.ts";
import { decideResumption } from "../history/resume.ts";
import type { Files } from "../migration/files.ts";
import type { Migration } from "../migration/migration.ts";
import { readSql } from "../migration/read_sql.ts";
import { parse } from "../sql/parser.ts";
import { readScript, type Script } from "../sql/script.ts";
import { placeInFile } from "../sql/sql_file.ts";
import { statementEffect } from "../sql/statement_effect.ts";
import { temporariesBehind } from "../sql/kept_statements.ts";
import type { CheckedStatement } from "./check_files.ts";
import { type Begun, begunSentence, statementItems, stoppedAtLine } from "./describe_unfinished.ts";
import type { ResumePoint } from "./resume_point.ts";

/** What is to be done with one. */
export type Resolved =
  /** It runs; where nothing of it was done, its claim is dropped first, and `resume` is null. */
  | { readonly kind: "run"; readonly resume: ResumePoint | null }
  | { readonly kind: "stop"; readonly failure: Failure };

/**
 * Decides for each unfinished migration whether `up` goes on with it.
 *
 * @param retry the version that a person has said may go on
 */
export async function resolveUnfinished(
  session: Session,
  { files, tracker, entries, retry }: {
    readonly files: Files;
    readonly tracker: Tracker;
    readonly entries: readonly Entry[];
    readonly retry: bigint | null;
  },
): Promise<ReadonlyMap<bigint, Resolved>> {
  const resolved = new Map<bigint, Resolved>();
  for (const { version, name, state, migration, unfinished } of entries) {
    if (state !== "unfinished") continue;
    if (migration === null) {
      resolved.set(version, { kind: "stop", failure: unfinishedWithoutFile(name, version) });
      continue;
    }
    const now = await readNow(files, migration);
    const begun = migration.checksum === unfinished!.checksum
      ? now
      : await readBegun(session, { tracker, migration, row: unfinished! });
    resolved.set(version, resolve(migration, { row: unfinished!, begun, now, retry: version === retry }));
  }
  return resolved;
}

interface Known {
  readonly row: UnfinishedRow;
  /** As it was begun; null where that text is not known, or was not parsed. */
  readonly begun: Begun | null;
  readonly now: Begun | null;
  readonly retry: boolean;
}

function resolve(migration: Migration, { row, begun, now, retry }: Known): Resolved {
  const { version, name, path, directives, checksum } = migration;
  const done = row.statementsDone;
  const editedDone = row.checksum === checksum ? null : firstDifference(begun, now, done);
  const file = {
    checksum,
    noTransaction: directives.noTransaction,
    effects: now?.statements.map(({ effect }) => effect) ?? null,
    editedDone,
  };
  const decided = decideResumption(row, file, retry);
  switch (decided.kind) {
    case "begin-again":
      return { kind: "run", resume: null };
    case "go-on":
      return { kind: "run", resume: resumePoint(row, { begun, now }) };
    case "cannot": {
      if (decided.reason === "runs-in-transaction") {
        return { kind: "stop", failure: cannotGoOnInTransaction(name, { file: path, done }) };
      }
      const place = placeOf(path, now, editedDone!);
      return { kind: "stop", failure: doneStatementEdited(name, { place, version }) };
    }
    case "ask": {
      const known = begun !== null && row.statementsTotal !== null ? begun : null;
      const failure = unfinishedMigration(decided.question, {
        version,
        name,
        done,
        total: row.statementsTotal,
        line: known === null ? null : stoppedAtLine(known, row),
        items: known === null ? [] : statementItems(known, row),
        detail: begunSentence(row),
        gone: temporariesBehind(file.effects?.slice(0, done) ?? []),
        place: decided.question === "edited" || known?.text !== now?.text ? null : placeOf(path, known, done),
      });
      return { kind: "stop", failure };
    }
  }
}

function resumePoint(row: UnfinishedRow, { begun, now }: Pick<Known, "begun" | "now">): ResumePoint {
  const { version, xact, attempt, statementsDone: done, statementSent } = row;
  const statement = statementSent === null ? undefined : begun?.statements[done];
  return {
    claim: { version, xact, attempt },
    done,
    interrupted: statement?.effect ?? null,
    unchanged: statement !== undefined && textAt(begun, done) === textAt(now, done),
  };
}

/** The statements of a migration as it was begun, whatever its file says now. */
export async function readBegun(
  session: Session,
  { tracker, migration, row }: {
    readonly tracker: Tracker;
    readonly migration: Migration | null;
    readonly row: UnfinishedRow;
  },
): Promise<Begun | null> {
  const text = migration?.checksum === row.checksum
    ? migration.text
    : await readBegunSource(session, tracker, row.version);
  return text === null ? null : await statementsOf(readScript(text));
}

/** The statements of a migration as its file is now. */
async function readNow(files: Files, migration: Migration): Promise<Begun | null> {
  const read = await readSql(files, migration);
  return "script" in read ? await statementsOf(read.script) : null;
}

async function statementsOf({ sql: text, copies: cuts }: Script): Promise<Begun | null> {
  const parsed = await parse(text);
  if (parsed.kind !== "statements") return null;
  const statements = parsed.statements.map((statement): CheckedStatement => ({
    start: statement.start,
    end: statement.end,
    effect: statementEffect(statement),
  }));
  return { text, cuts, statements };
}

/** Index of the first statement, of those that are done, that was edited since; null for none. */
function firstDifference(begun: Begun | null, now: Begun | null, done: number): number | null {
  for (let index = 0; index < done; index++) {
    const text = textAt(begun, index);
    if (text === null || text !== textAt(now, index)) return index;
  }
  return null;
}

function textAt(begun: Begun | null, index: number): string | null {
  const statement = begun?.statements[index];
  return statement === undefined ? null : begun!.text.slice(statement.start, statement.end);
}

function placeOf(file: string, begun: Begun | null, index: number): Place | null {
  const statement = begun?.statements[index];
  return statement === undefined ? null : placeInFile({ path: file, ...begun! }, statement.start);
}
