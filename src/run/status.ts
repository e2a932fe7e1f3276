/** `status`: what is applied, pending, edited, missing, out of order. */

import type { StatusResult } from "../events.ts";
import { highest } from "../history/compare.ts";
import { readMigrations } from "../migration/read_migrations.ts";
import type { Context } from "./context.ts";
import type { StatusOptions } from "./options.ts";
import { listed, readHistory, versionsByState } from "./read_history.ts";
import { withSession } from "./with_session.ts";
import { reportFiles } from "./report_files.ts";

/**
 * Lists every migration that files or tracker know, and writes nothing.
 *
 * @throws {Failure} when files or tracker cannot be read
 */
export async function status(context: Context, options: StatusOptions): Promise<StatusResult> {
  const files = await readMigrations(context.files, options.migrations);
  reportFiles(context, files);
  await using database = await context.connect("read");
  const known = { migrations: files.migrations, table: options.table };
  const { entries, unfinished } = await withSession(database, context.signal, (session) => readHistory(session, known));
  for (const entry of entries) context.report(listed(entry, unfinished.get(entry.version)));
  const applied = entries.filter(({ row }) => row !== null).map(({ version }) => version);
  return { command: "status", versions: versionsByState(entries), version: highest(applied) };
}
