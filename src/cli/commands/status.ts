import { defineCommand } from "../command.ts";
import { flag } from "../option.ts";

export const statusCommand = defineCommand({
  name: "status",
  summary: "what is applied, pending, edited, missing, out of order",
  details: ["Reads only: it never creates or changes anything in the database."],
  operand: null,
  options: { "exit-code": flag("exit with 6 when migrations are pending") },
  examples: [
    { command: "pgmigrate status", explains: "on the database of DATABASE_URL" },
    { command: "pgmigrate status --exit-code -q || echo pending", explains: "in a script" },
    { command: "pgmigrate status --json", explains: "one JSON object a migration, and a result" },
  ],
  async call({ options, common, context }) {
    const { status } = await import("../../run/status.ts");
    const answer = await status(context(), { migrations: common.migrations, table: common.table });
    // Out of order and unfinished ones are pending too: on disk, and not in the tracker.
    const { pending, out_of_order, unfinished } = answer.versions;
    const waiting = pending.length + out_of_order.length + unfinished.length;
    return { answer, exitCode: options["exit-code"] && waiting > 0 ? 6 : 0 };
  },
});
