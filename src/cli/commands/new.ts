import { defineCommand } from "../command.ts";
import { flag, version } from "../option.ts";

export const newCommand = defineCommand({
  name: "new",
  summary: "create the next numbered file",
  details: [
    "Prints the path of the new file. Needs no database.",
    "With --revert, the file holds the old one as comments, newest statement first, each with the statement that undoes " +
    "it where that is certain. Read it before you run it.",
  ],
  operand: { placeholder: "NAME", help: "what the migration does, in a few words" },
  options: {
    timestamp: flag("number by UTC time (20261122151000) instead of the next number"),
    revert: version("undo the migration VERSION; NAME may be left out"),
  },
  examples: [
    { command: "pgmigrate new create_users", explains: "migrations/001_create_users.sql" },
    { command: 'pgmigrate new "add email to users"', explains: "migrations/002_add_email_to_users.sql" },
    { command: "pgmigrate new --revert 2", explains: "migrations/003_revert_add_email_to_users.sql" },
  ],
  operandOptionalWith: "revert",
  async call({ options, common, operand, context }) {
    const { newMigration } = await import("../../run/new.ts");
    const answer = await newMigration(context(), {
      migrations: common.migrations,
      title: operand,
      timestamp: options.timestamp,
      revert: options.revert,
    });
    return { answer, exitCode: 0 };
  },
});
