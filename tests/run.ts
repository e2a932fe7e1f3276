/**
 * Runs the tests: starts the PostgreSQL servers once for all files, then `deno test`, and ends with a line
 * `N passed, N failed`. Arguments go to `deno test`: `deno task test src/sql`, `deno task test --filter "COPY"`.
 *
 * Files run side by side, one more than there are processors, since some wait for what takes seconds (DENO_JOBS says
 * otherwise); each test has a database of its own.
 * A single file also runs by itself, `deno test -A tests/servers/servers_test.ts`, and starts the servers it needs.
 */

import { V8_FLAGS } from "../scripts/v8_flags.ts";
import { serverAddresses } from "./servers/mod.ts";

/** The tests start programs and servers; the user id tells whether servers need another user than root. */
const PERMISSIONS = [
  "--allow-net",
  "--allow-env",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-sys=uid",
  "--no-prompt",
];

/** Those on servers take longest, and begin first: what is short fills the end, where the last of them still run. */
const ALL = ["tests", "."];

const report = await Deno.makeTempFile({ prefix: "pgmigrate-tests-", suffix: ".xml" });
try {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--parallel",
      // The types are a gate of their own, `deno check`; here all processors but one would wait for them.
      "--no-check",
      V8_FLAGS,
      ...PERMISSIONS,
      `--junit-path=${report}`,
      ...Deno.args.length === 0 ? ALL : Deno.args,
    ],
    env: { DENO_JOBS: Deno.env.get("DENO_JOBS") ?? `${navigator.hardwareConcurrency + 1}`, ...await serverAddresses() },
    stdin: "null",
  }).spawn().status;
  console.log(summary(await Deno.readTextFile(report), code));
  Deno.exitCode = code;
} finally {
  await Deno.remove(report);
}

/** A module that fails before its first test is no test; it shows in the exit code alone. */
function summary(junit: string, code: number): string {
  const count = (name: string) => Number(new RegExp(`<testsuites[^>]* ${name}="(\\d+)"`).exec(junit)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  const skipped = junit.match(/<skipped/g)?.length ?? 0;
  const passed = count("tests") - failed - skipped;
  return `${passed} passed, ${failed === 0 && code !== 0 ? 1 : failed} failed`;
}
