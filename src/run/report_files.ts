/** What every command says of the files it found. */

import type { Entry } from "../history/compare.ts";
import type { ReadMigrations } from "../migration/read_migrations.ts";
import type { Context } from "./context.ts";

/** Comments that look like directives and are none; and, for `--verbose`, files that are not migrations. */
export function reportFiles(
  { report }: Pick<Context, "report">,
  { ignored, misplaced }: Pick<ReadMigrations, "ignored" | "misplaced">,
): void {
  for (const name of ignored) report({ event: "detail", message: `Ignored ${name}: its name is not NNN_name.sql` });
  for (const { file, comment, line } of misplaced) {
    const message = `Line ${line} of ${file} counts for nothing: ${comment}`;
    const hint = "A directive stands among the comments that open the file.";
    report({ event: "warning", code: "misplaced-directive", message, hint, file });
  }
}

/** Files that were renamed after they were applied. */
export function reportRenamed({ report }: Context, entries: readonly Entry[]): void {
  for (const { migration, renamedFrom } of entries) {
    if (migration === null || renamedFrom === null) continue;
    const { name, path } = migration;
    report({ event: "warning", code: "renamed", message: `${name} was applied as ${renamedFrom}`, file: path });
  }
}
