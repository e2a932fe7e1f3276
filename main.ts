/** The command `pgmigrate`: the one place that knows the process. */

import { runCli } from "./src/cli/run_cli.ts";
import { textStream } from "./src/cli/text_stream.ts";
import { interrupted } from "./src/errors/program.ts";

const interrupt = new AbortController();
for (const signal of Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] as const : ["SIGINT", "SIGTERM"] as const) {
  const failure = interrupted(signal);
  Deno.addSignalListener(signal, () => {
    if (interrupt.signal.aborted) Deno.exit(failure.exitCode);
    interrupt.abort(failure);
  });
}

const uncaught = Promise.withResolvers<never>();
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  uncaught.reject(event.reason);
});
addEventListener("error", (event) => {
  event.preventDefault();
  uncaught.reject(event.error);
});

const exitCode = await runCli(Deno.args, {
  env: Deno.env.toObject(),
  stdout: textStream(Deno.stdout),
  stderr: textStream(Deno.stderr),
  columns: Deno.stderr.isTerminal() ? Deno.consoleSize().columns : null,
  platform: Deno.build.os,
  runtime: `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, ${Deno.build.target}`,
  readTextFile: (path) => Deno.readTextFile(path),
  readInput: () => new Response(Deno.stdin.readable).text(),
  now: () => new Date(),
  signal: interrupt.signal,
  uncaught: uncaught.promise,
});
Deno.exit(exitCode);
