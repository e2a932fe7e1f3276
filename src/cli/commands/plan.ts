import { defineCommand } from "../command.ts";
import { flag, version } from "../option.ts";

export const planCommand = defineCommand({
  name: "plan",
  summary: "what pending migrations would lock, read and rewrite here, and who uses that now",
  details: [
    "Reads only, and nothing that it locks makes anybody wait. A standby will do.",
    "Each statement gets a verdict. instant: nobody notices. short: at work for up to a second. long: at work for longer, " +
    "while reads and writes go on. dangerous: reads or writes wait for longer than a second, or nobody can say how long.",
    "Times are estimates from the size of the tables, and err on the long side. pgmigrate rehearse measures them.",
  ],
  operand: null,
  proves: true,
  options: {
    "to": version("look at migrations up to and with VERSION"),
    "allow-out-of-order": flag("look at files too that are older than what was applied already"),
    "strict": flag("exit with 7 when a statement is dangerous"),
  },
  examples: [
    { command: "pgmigrate plan", explains: "on the database of DATABASE_URL" },
    { command: "pgmigrate plan -d postgres://reader@standby/app", explains: "with a role that may only read" },
    { command: "pgmigrate plan --strict --json", explains: "as a gate before a deploy" },
  ],
  async call({ options, common, context }) {
    const { plan } = await import("../../run/plan.ts");
    const answer = await plan(context(), {
      migrations: common.migrations,
      table: common.table,
      to: options.to,
      allowOutOfOrder: options["allow-out-of-order"],
    });
    return { answer, exitCode: options.strict && answer.verdicts.dangerous > 0 ? 7 : 0 };
  },
});
