/**
 * Compiles the executable: `deno task compile` for this machine into `dist/pgmigrate`, `deno task compile:all` for
 * every platform into `dist/pgmigrate-<platform>`.
 *
 * `deno compile` gets a bundle instead of the sources, because it would embed the packages whole otherwise, with source
 * maps and CommonJS twins. The runtime that it embeds comes from Deno's download host, or from DENORT_BIN if that is set.
 */

import { resolve } from "node:path";
import { bundle } from "./bundle.ts";
import { PERMISSIONS } from "./permissions.ts";
import { V8_FLAGS } from "./v8_flags.ts";

/** What Deno calls a platform, and what its executable is called. */
const PLATFORMS: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "pgmigrate-linux-x64",
  "aarch64-unknown-linux-gnu": "pgmigrate-linux-arm64",
  "x86_64-apple-darwin": "pgmigrate-macos-x64",
  "aarch64-apple-darwin": "pgmigrate-macos-arm64",
  "x86_64-pc-windows-msvc": "pgmigrate-windows-x64.exe",
};

const FLAGS = [
  "--quiet",
  "--no-check",
  "--no-config",
  "--no-lock",
  "--no-npm",
  "--no-remote",
  // Would be kept in the shared temporary directory, from where another user could have code run.
  "--no-code-cache",
  V8_FLAGS,
];

const DIST = resolve("dist");

const directory = await Deno.makeTempDir({ prefix: "pgmigrate-bundle-" });
try {
  await bundle(directory);
  await Deno.mkdir(DIST, { recursive: true });
  if (Deno.args[0] === "all") {
    for (const [target, name] of Object.entries(PLATFORMS)) {
      await compile(directory, { output: resolve(DIST, name), target });
    }
  } else {
    await compile(directory, {
      output: resolve(DIST, Deno.build.os === "windows" ? "pgmigrate.exe" : "pgmigrate"),
      target: Deno.build.target,
    });
  }
} finally {
  await Deno.remove(directory, { recursive: true });
}

async function compile(bundle: string, { output, target }: { output: string; target: string }): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      ...FLAGS,
      ...PERMISSIONS,
      "--target",
      target,
      "--include",
      ".",
      "--output",
      output,
      "main.js",
    ],
    cwd: bundle,
    stdin: "null",
  }).spawn().status;
  if (!success) throw new Error(`deno compile failed for ${target}`);
  const megabytes = (await Deno.stat(output)).size / 1e6;
  console.log(`${output.slice(DIST.length - "dist".length)}  ${megabytes.toFixed(1)} MB`);
}
