import { defineCommand } from "../command.ts";
import { flag } from "../option.ts";
import { nearest } from "../nearest.ts";
import { RULE_OPTIONS } from "../rule_options.ts";

/** The operand that stands for a list on stdin. */
const STDIN = "-";

export const lintCommand = defineCommand({
  name: "lint",
  summary: "find what locks, rewrites or breaks, without a database",
  details: [
    "Reads the migrations in order as PostgreSQL's own parser does, and knows from the earlier ones what is there when a " +
    "later one runs: what was made in the same file is nobody's yet, and what no migration made is taken to exist.",
    "Exits with 7 for errors, with --strict for warnings too. A file with a syntax error is such an error; the others " +
    "are linted all the same.",
    "--fix changes the files, and writes new ones behind the newest for what must run later or outside a transaction. " +
    "Never change a file that was applied anywhere: name the new ones, as in the examples.",
    "To say that something is right as it is, write `-- pgmigrate: ignore=RULE reason` above the statement or at the end " +
    "of one of its lines, or among the comments that open the file for all of it.",
  ],
  operand: { placeholder: "[FILE…]", help: "look only at these; - reads their names from stdin", many: true },
  finds: true,
  proves: true,
  options: {
    ...RULE_OPTIONS,
    fix: flag("write the safe form into the files, and behind them, where that is mechanical"),
    strict: flag("exit with 7 for warnings too"),
  },
  examples: [
    { command: "pgmigrate lint", explains: "all migrations" },
    { command: "pgmigrate lint migrations/007_add_index.sql", explains: "one of them" },
    { command: "git diff --name-only main -- migrations | pgmigrate lint -", explains: "what a branch adds" },
    { command: "pgmigrate lint --fix migrations/007_add_index.sql", explains: "write the safe form" },
    { command: "pgmigrate lint --postgres-version 16 --disable drop-column", explains: "what suits 16 and newer" },
  ],
  async call({ options, common, operands, readInput, context }) {
    const [{ lintMigrations }, { listedNames }, { chooseRules }] = await Promise.all([
      import("../../run/lint.ts"),
      import("../../run/choose_files.ts"),
      import("../../run/choose_rules.ts"),
    ]);
    const rules = chooseRules({ named: options.rule, disabled: options.disable, nearest });
    const isAll = operands.length === 0;
    const answer = await lintMigrations(context(), {
      migrations: common.migrations,
      named: isAll ? null : operands.filter((operand) => operand !== STDIN),
      listed: operands.includes(STDIN) ? listedNames(await readInput()) : null,
      rules,
      postgresVersion: Number(options["postgres-version"]),
      fix: options.fix,
    });
    const { error, warning } = answer.findings;
    const isBad = error + answer.unreadable > 0 || (options.strict && warning > 0);
    return { answer, exitCode: isBad ? 7 : 0 };
  },
});
