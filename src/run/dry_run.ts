/** `up --dry-run`. */

import type { Context } from "./context.ts";
import { planFiles } from "./plan_files.ts";
import { refusePooled } from "./refuse_pooled.ts";
import { reportRenamed } from "./report_files.ts";
import { checkChoices } from "./settle_unfinished.ts";
import { failureOf, type Outcome, outcomeOf, readEntries, type Work } from "./up_outcome.ts";

/** Says what would run, and touches nothing. */
export async function dryRun(context: Context, work: Work): Promise<Outcome> {
  const { options, first } = work;
  const { tracker, entries: all } = await readEntries(first, work);
  const toMark = checkChoices(all, options);
  if (toMark !== null) context.report({ event: "migration_marked", version: toMark.version, name: toMark.name });
  const entries = all.filter((entry) => entry !== toMark);
  reportRenamed(context, entries);
  const failure = await failureOf(context.signal, async () => {
    const { files } = await planFiles(context, { session: first, tracker, entries, options });
    refusePooled(files, { database: work.database, session: first });
    for (const [index, { migration, resume }] of files.entries()) {
      const { version, name, directives } = migration;
      context.report({
        event: "migration_planned",
        ...{ version, name, index: index + 1, total: files.length },
        transactional: !directives.noTransaction,
        ...resume === undefined ? {} : { fromStatement: resume.done + 1 },
      });
    }
  });
  return { ...outcomeOf(entries, { done: [], failure }), marked: toMark === null ? [] : [toMark.version] };
}
