/** Before an unfinished migration goes on: its session as it was, and the statement that was interrupted settled. */

import { claimMark } from "../database/claim_backend.ts";
import { noteDone } from "../database/claim_progress.ts";
import {
  dropConcurrently,
  findBuilt,
  findDropped,
  type FoundIndex,
  invalidInReach,
  isReindexLeftover,
} from "../database/index_state.ts";
import { keptIndexes } from "../sql/kept_statements.ts";
import type { CheckedStatement } from "./check_files.ts";
import type { ResumePoint } from "./resume_point.ts";
import { note, type Run } from "./send_statements.ts";

/**
 * Sends the file's SET statements again, and looks for what the interrupted statement has left: an index that it built
 * is recorded, one that it left INVALID is dropped.
 */
export async function settle(run: Run, { interrupted, unchanged }: ResumePoint): Promise<void> {
  const { file, options: { session }, progress } = run;
  for (const [index, { start, end }] of sessionStatements(file.statements ?? [], progress.done)) {
    progress.current = index;
    progress.sending = "statement";
    await session.run(file.text.slice(start, end));
  }
  progress.current = progress.done;
  progress.sending = "own";
  const { xact } = progress.claim!;
  switch (interrupted?.kind) {
    case "build-index": {
      const found = await findBuilt(session, interrupted, xact);
      if (found === null || !found.isNewer) return;
      if (!found.valid) return await drop(run, found);
      return unchanged ? await recordDone(run, `${found.name} is there and valid`) : undefined;
    }
    case "drop-index": {
      const found = await findDropped(session, interrupted, xact);
      return found === null && unchanged ? await recordDone(run, `${interrupted.name} is gone`) : undefined;
    }
    case "reindex":
      for (const found of await invalidInReach(session, interrupted, xact)) {
        if (isReindexLeftover(found)) await drop(run, found);
      }
  }
}

type Numbered = readonly [index: number, statement: CheckedStatement];

/** What set the session up before a statement: SET and the like, but for what a ROLLBACK took back. */
export function sessionStatements(statements: readonly CheckedStatement[], before: number): readonly Numbered[] {
  return keptIndexes(statements.slice(0, before).map(({ effect }) => effect))
    .map((index): Numbered => [index, statements[index]!])
    .filter(([, { effect }]) => effect.kind === "session");
}

async function drop({ options, progress }: Run, found: FoundIndex): Promise<void> {
  options.onResume(`The INVALID index ${found.name} that it left is dropped first`);
  await options.session.run(claimMark(progress.claim!.xact) + dropConcurrently(found));
}

async function recordDone(run: Run, evidence: string): Promise<void> {
  await note(run, noteDone);
  run.options.onResume(`The statement that was interrupted is done: ${evidence}`);
}
