/** Runs one migration. */

import { applyInTransaction } from "./apply_in_transaction.ts";
import type { ApplyOptions } from "./apply_options.ts";
import { applyWithoutTransaction } from "./apply_without_transaction.ts";
import type { CheckedFile } from "./check_files.ts";

/**
 * Runs one migration, and records it when it ended well.
 *
 * @returns how long its SQL took, in milliseconds
 * @throws {Failure} with what is now known of the database
 */
export async function apply(file: CheckedFile, options: ApplyOptions): Promise<number> {
  options.signal.throwIfAborted();
  return file.migration.directives.noTransaction
    ? await applyWithoutTransaction(file, options)
    : await applyInTransaction(file, options);
}
