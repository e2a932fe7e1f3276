/** Safe forms as text: SQL to paste, in which comments say what goes into a migration of its own. */

import type { NextMigration } from "./rule.ts";

/**
 * Writes out a safe form. More than one migration, or one that cannot stay in its file, are told apart by comments;
 * {@link safeFormParts} takes them apart again.
 *
 * @param migrations in their order; `title` says what each does, or when its time has come
 */
export function writeSafeForm(migrations: readonly NextMigration[]): string {
  const count = migrations.length;
  return migrations.map(({ title, sql, noTransaction }, index) => {
    const heading = count > 1
      ? `-- Migration ${index + 1} of ${count}: ${title}\n`
      : noTransaction
      ? "-- In a migration of its own:\n"
      : "";
    return `${heading}${noTransaction ? "-- pgmigrate: no-transaction\n" : ""}${sql}`.trimEnd();
  }).join("\n\n");
}

/** The migrations that a safe form is made of, each as the text of a file. */
export function safeFormParts(safeForm: string): readonly string[] {
  return safeForm.split(/^(?=-- Migration \d+ of \d+: )/m);
}
