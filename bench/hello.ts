/** The least that a compiled program can be: what a start costs before pgmigrate has done anything. */

export interface Hello extends AsyncDisposable {
  readonly path: string;
  /** The same program, which carries as many bytes as an executable does. */
  readonly withBytes: string;
  /** What the runtime alone takes of an executable. */
  readonly runtimeBytes: number;
}

/** Larger than the few bytes of the program itself. */
const ROUND_BYTES = 4096;

/**
 * Compiles it with the Deno that runs this, and the runtime of DENORT_BIN where that is set: so should be the executable.
 * @throws {Error} when it cannot be compiled
 */
export async function compileHello(executable: string): Promise<Hello> {
  const directory = await Deno.makeTempDir({ prefix: "pgmigrate-hello-" });
  await Deno.writeTextFile(`${directory}/hello.ts`, 'console.log("hello");\n');
  await compile(directory, "hello", []);
  const runtimeBytes = (await Deno.stat(`${directory}/hello`)).size - ROUND_BYTES;
  const carried = (await Deno.stat(executable)).size - runtimeBytes;
  const bytes = new Uint8Array(carried);
  // Bytes that nothing can make less of; the quota of one call is 64 KB.
  for (let at = 0; at < carried; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  await Deno.writeFile(`${directory}/bytes`, bytes);
  await compile(directory, "hello-with-bytes", ["--include", "bytes"]);
  return {
    path: `${directory}/hello`,
    withBytes: `${directory}/hello-with-bytes`,
    runtimeBytes,
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

async function compile(directory: string, output: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--quiet",
      "--no-check",
      "--no-config",
      "--no-code-cache",
      ...args,
      "--output",
      output,
      "hello.ts",
    ],
    cwd: directory,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot compile: ${new TextDecoder().decode(stderr)}`);
}
