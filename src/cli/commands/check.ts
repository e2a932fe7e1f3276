import type { ExitCode } from "../../errors/failure.ts";
import type { CheckResult } from "../../events.ts";
import { defineCommand } from "../command.ts";
import { nearest } from "../nearest.ts";
import { duration, flag, path } from "../option.ts";
import { RULE_OPTIONS } from "../rule_options.ts";

export const checkCommand = defineCommand({
  name: "check",
  summary: "lint, and try every migration from nothing, without a server",
  details: [
    "Looks at numbers and names, parses, lints (pgmigrate lint --help), and applies every file to an empty embedded " +
    "PostgreSQL 18, in memory. " +
    "DATABASE_URL counts for nothing here: only the option --database-url makes it connect, to make a database " +
    "pgmigrate_check_… on that server, apply the files there, and drop it. What a file does outside its database " +
    "(roles, tablespaces, ALTER SYSTEM) stays on that server.",
    "A migration is inconclusive when it needs what the embedded PostgreSQL has not (an extension, a role, a setting), " +
    "or comes behind one that failed. With --base, a file that the base has must be as it is there, new files must " +
    "have higher numbers, and only these are linted: the others can no longer be changed.",
    "Exits with 7 when a migration fails, lint finds an error, or a file of the base was changed, and with 2 for two " +
    "files with one number.",
  ],
  operand: null,
  finds: true,
  proves: true,
  options: {
    "base": path("DIR|FILE", "the migrations that must not change: their directory elsewhere, or a file of checksums"),
    "sums": path("FILE", "the same, a file of checksums as sha256sum writes it, names without a directory"),
    "write-sums": path("FILE", "write the checksums of all migrations, for --sums; not when --base or --sums object"),
    ...RULE_OPTIONS,
    "strict": flag("exit with 7 for warnings and for inconclusive migrations too"),
    "wait": duration("wait that long for a server of --database-url that is still starting [0]", 0),
  },
  examples: [
    { command: "pgmigrate check", explains: "on every pull request" },
    { command: "pgmigrate check --base ../main/migrations", explains: "compared with a checkout of main" },
    { command: "pgmigrate check --write-sums migrations/sums", explains: "keep checksums beside the files" },
    { command: "pgmigrate check --sums migrations/sums", explains: "and hold the files to them" },
    { command: "pgmigrate check -d postgres://ci@localhost/postgres", explains: "on a server, in a scratch database" },
  ],
  async call({ options, common, context }) {
    const [{ check }, { chooseRules }] = await Promise.all([
      import("../../run/check.ts"),
      import("../../run/choose_rules.ts"),
    ]);
    const answer = await check(context(options.wait), {
      migrations: common.migrations,
      table: common.table,
      databaseUrl: common["database-url"],
      rules: chooseRules({ named: options.rule, disabled: options.disable, nearest }),
      postgresVersion: Number(options["postgres-version"]),
      base: options.base,
      sums: options.sums,
      writeSums: options["write-sums"],
    });
    const { failure } = answer;
    return failure === null ? { answer, exitCode: verdict(answer, options.strict) } : { answer, exitCode: 7, failure };
  },
});

/** @param strict whether warnings and inconclusive migrations count */
export function verdict({ findings, versions }: Pick<CheckResult, "findings" | "versions">, strict: boolean): ExitCode {
  if (findings.error > 0) return 7;
  return strict && findings.warning + versions.inconclusive.length > 0 ? 7 : 0;
}
