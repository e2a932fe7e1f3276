/** What every command says of the files it found. */

import type { Entry } from "../history/compare.ts";
import type { Context } from "./context.ts";

/** Files that are not migrations, for `--verbose`. */
export function reportIgnored({ report }: Context, names: readonly string[]): void {
  for (const name of names) report({ event: "detail", message: `Ignored ${name}: its name is not NNN_name.sql` });
}

/** Files that were renamed after they were applied. */
export function reportRenamed({ report }: Context, entries: readonly Entry[]): void {
  for (const { name, renamedFrom } of entries) {
    if (renamedFrom === null) continue;
    report({ event: "warning", code: "renamed", message: `${name} was applied as ${renamedFrom}`, file: name });
  }
}
