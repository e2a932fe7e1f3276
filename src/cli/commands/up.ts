import { defineCommand } from "../command.ts";
import { attempts, duration, flag, version } from "../option.ts";

const LOCK_WAIT_MS = 60_000;
const LOCK_TIMEOUT_MS = 5_000;
const LOCK_ATTEMPTS = 10;
const LOCK_BUDGET_MS = 600_000;

export const upCommand = defineCommand({
  name: "up",
  summary: "apply pending migrations, in order, each in its own transaction",
  details: [
    "Every file is read, checked and parsed before the first one runs. A migration that fails is rolled back whole: what " +
    "was applied before it stays, and nothing after it runs.",
    "A migration that runs outside a transaction and stops half-way is unfinished. up goes on with it by itself where the " +
    "database tells what is left to do; else it says how far it came, and you choose: --retry or --mark-applied.",
    "A DURATION has a unit, as in 500ms, 5s, 2min or 1h; 0 is none.",
  ],
  operand: null,
  options: {
    "to": version("apply up to and with VERSION"),
    "allow-out-of-order": flag("apply files that are older than what was applied already"),
    "retry": version("go on with VERSION, which has begun and not ended, at the first statement not known to be done"),
    "mark-applied": version("record VERSION, which has begun and not ended, as applied: all of it is there"),
    "dry-run": flag("print what would run; change nothing"),
    "no-parse": flag("leave it to the server to find syntax errors"),
    "wait": duration("wait that long for a database that is still starting [0]", 0),
    "lock-wait": duration("wait that long for another run to end [1min; 0: do not wait]", LOCK_WAIT_MS),
    "lock-timeout": duration("give up a lock on a table after that long [5s; 0: never]", LOCK_TIMEOUT_MS),
    "lock-attempts": attempts("try a migration that is ended so, or by a deadlock, up to N times [10]", LOCK_ATTEMPTS),
    "lock-budget": duration("do not try it again after that long in all [10min; 0: no limit]", LOCK_BUDGET_MS),
    "statement-timeout": duration("give up a statement after that long [0: never]", 0),
  },
  examples: [
    { command: "pgmigrate up -d postgres://app@localhost/app", explains: "apply everything that is pending" },
    { command: "pgmigrate up --dry-run", explains: "show what would run on the database of DATABASE_URL" },
    { command: "pgmigrate up --to 12 --lock-timeout 2s", explains: "stop after version 12" },
    { command: "pgmigrate up --retry 12", explains: "go on with 12, which stopped half-way" },
    { command: "pgmigrate up --wait 30s", explains: "the database starts at the same time" },
    { command: "pgmigrate up -d embedded:", explains: "try the files on a PostgreSQL in memory" },
  ],
  async call({ options, common, context }) {
    const { up } = await import("../../run/up.ts");
    const answer = await up(context(options.wait), {
      migrations: common.migrations,
      table: common.table,
      to: options.to,
      allowOutOfOrder: options["allow-out-of-order"],
      retry: options.retry,
      markApplied: options["mark-applied"],
      dryRun: options["dry-run"],
      parse: !options["no-parse"],
      lockWaitMs: options["lock-wait"],
      lockTimeoutMs: options["lock-timeout"],
      lockAttempts: options["lock-attempts"],
      lockBudgetMs: options["lock-budget"],
      statementTimeoutMs: options["statement-timeout"],
    });
    const { failure } = answer;
    return failure === null ? { answer, exitCode: 0 } : { answer, exitCode: failure.exitCode, failure };
  },
});
