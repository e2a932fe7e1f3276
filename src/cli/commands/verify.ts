import type { ExitCode } from "../../errors/failure.ts";
import type { VersionsByState } from "../../events.ts";
import { defineCommand } from "../command.ts";
import { flag } from "../option.ts";

export const verifyCommand = defineCommand({
  name: "verify",
  summary: "prove that applied files were never edited",
  details: [
    "Exits with 3 when a file was edited, is missing, or is older than what was applied already. Prints a state digest: " +
    "two databases with the same digest have had the same files applied.",
    "Unrecorded migrations were applied by another tool, which kept no checksum.",
  ],
  operand: null,
  options: {
    strict: flag("exit with 3 for unrecorded migrations too"),
    record: flag("write the checksums of the files as they are now for unrecorded migrations"),
    restore: flag("write missing files from the database; never over a file that is there"),
  },
  examples: [
    { command: "pgmigrate verify", explains: "list what was edited, with the changed lines" },
    { command: "pgmigrate verify --strict", explains: "in CI" },
    { command: "pgmigrate verify --restore", explains: "bring deleted files back" },
    { command: "pgmigrate verify --record", explains: "after taking over another tool's table" },
  ],
  async call({ options, common, context }) {
    const { verify } = await import("../../run/verify.ts");
    const answer = await verify(context(), {
      migrations: common.migrations,
      table: common.table,
      record: options.record,
      restore: options.restore,
    });
    return { answer, exitCode: verdict(answer.versions, options.strict) };
  },
});

/** @param strict whether unrecorded migrations count against the history */
export function verdict(versions: VersionsByState, strict: boolean): ExitCode {
  const mismatches = versions.edited.length + versions.missing.length + versions.out_of_order.length;
  if (mismatches > 0 || (strict && versions.unrecorded.length > 0)) return 3;
  return versions.unfinished.length > 0 ? 1 : 0;
}
