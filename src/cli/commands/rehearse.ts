import { copyOrInPlace } from "../../errors/command_line.ts";
import type { RehearsalPlace } from "../../run/options.ts";
import { defineCommand } from "../command.ts";
import { duration, flag, path, version } from "../option.ts";

const LOCK_WAIT_MS = 60_000;
const LOCK_TIMEOUT_MS = 5_000;

export const rehearseCommand = defineCommand({
  name: "rehearse",
  summary: "run the pending migrations for real, measure each statement, keep nothing",
  details: [
    "Runs on a copy that is made for it and dropped afterwards (CREATE DATABASE … TEMPLATE, on the same server): the role " +
    "needs CREATEDB, and nobody may be connected to the database meanwhile. Or on a copy that you have restored: " +
    "--copy URL. Or, rolled back in the end, on the database itself: --in-place, which also needs --statement-timeout.",
    "A copy given by its URL is left as it was, unless a migration runs outside a transaction: then it keeps what ran. " +
    "--in-place holds every lock until the last migration has run, and leaves dead rows for VACUUM; sequences do not roll " +
    "back. What a migration does outside its database is done: COPY TO PROGRAM, dblink.",
    "What is measured: time, and how much of it was waiting; locks; tables read from end to end or written anew; rows; WAL.",
  ],
  operand: null,
  proves: true,
  options: {
    "copy": path("template|URL", "rehearse on a copy made for it, or on the database at URL [template]"),
    "in-place": flag("rehearse on the database itself"),
    "to": version("rehearse up to and with VERSION"),
    "allow-out-of-order": flag("rehearse files that are older than what was applied already"),
    "report": path("FILE.html", "write what was measured as one page, with a timeline of locks by table"),
    "wait": duration("wait that long for a database that is still starting [0]", 0),
    "lock-wait": duration("wait that long for another run to end [1min; 0: do not wait]", LOCK_WAIT_MS),
    "lock-timeout": duration("give up a lock on a table after that long [5s; 0: never]", LOCK_TIMEOUT_MS),
    "statement-timeout": duration("give up a statement after that long [0: never]", 0),
  },
  examples: [
    { command: "pgmigrate rehearse", explains: "on a copy of the database of DATABASE_URL" },
    {
      command: "pgmigrate rehearse --copy postgres://app@backup/app --report out.html",
      explains: "on a restored copy",
    },
    {
      command: "pgmigrate rehearse --in-place --lock-timeout 2s --statement-timeout 10s",
      explains: "on the database itself",
    },
  ],
  async call({ options, common, context }) {
    const place = placeOf(options.copy, options["in-place"]);
    const { rehearse } = await import("../../run/rehearse.ts");
    const report = options.report === null ? null : {
      file: options.report,
      render: (await import("../../output/report/page.ts")).reportPage,
    };
    const answer = await rehearse(context(options.wait), {
      migrations: common.migrations,
      table: common.table,
      place,
      to: options.to,
      allowOutOfOrder: options["allow-out-of-order"],
      lockWaitMs: options["lock-wait"],
      lockTimeoutMs: options["lock-timeout"],
      statementTimeoutMs: options["statement-timeout"],
      report,
    });
    const { failure } = answer;
    return failure === null ? { answer, exitCode: 0 } : { answer, exitCode: failure.exitCode, failure };
  },
});

/** @throws {Failure} where both are asked for */
function placeOf(copy: string | null, inPlace: boolean): RehearsalPlace {
  if (inPlace && copy !== null) throw copyOrInPlace();
  if (inPlace) return { kind: "in-place" };
  return copy === null || copy === "template" ? { kind: "template" } : { kind: "url", url: copy };
}
