/** Bundles pgmigrate and what it uses of its packages into one directory, ready to be embedded in an executable. */

import { copyFile, readFile, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { basename, dirname, relative, resolve } from "node:path";
import { brotliCompressSync, constants, gunzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { thirdPartyLicenses } from "./third_party_licenses.ts";

/** The program and its workers, which are files of their own. */
const ENTRY_POINTS = ["main.ts", "src/database/embedded_worker.ts"] as const;

export const LICENSES_FILE = "THIRD_PARTY_LICENSES.txt";

/** CommonJS packages expect these two. Making them takes time, and a run loads many scripts that do without. */
const COMMONJS = `import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const __dirname = import.meta.dirname;
`;

/** Whether a script may mean one of them. */
const USES_COMMONJS = /\brequire\(|\btypeof require\b|\b__dirname\b/;

/** What src/database/embedded_files.ts unpacks: large, and of no use to a run on a server. */
const PACKED: Readonly<Record<string, { readonly name: string; readonly unpacked: (file: Uint8Array) => Uint8Array }>> =
  {
    "pglite.wasm": { name: "pglite.wasm.br", unpacked: (file) => file },
    "pglite.data": { name: "pglite.data.br", unpacked: (file) => file },
    "prepopulatedfs.tgz": { name: "prepopulatedfs.tar.br", unpacked: (file) => gunzipSync(file) },
  };

/** What makes a data directory, which PGlite is always given here. */
const UNUSED: readonly string[] = ["initdb.wasm"];

/**
 * A new database holds most of its files three times, 8 MB apart, which only a large window sees: a third of what gzip
 * makes of it (the window is 16 MB; RFC 7932, section 9.1). The others get a tenth to a third smaller than by gzip, and
 * are unpacked as fast. A higher quality takes a minute, for a tenth of what is left.
 */
const BROTLI = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 5,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
  },
};

/** A string that names a file which a package loads while it runs: `"./pglite.wasm"`, `"../citext.tar.gz"`. */
const ASSET = /(["'])((?:\.{0,2}\/|[\w-]+\/)*)([\w-]+\.(?:wasm|data|tar\.gz|tgz))\1/g;

/** A worker, which is found by its URL: `new URL("./embedded_worker.ts", import.meta.url)`. */
const WORKER = /new URL\("\.\/([\w-]+)\.ts", import\.meta\.url\)/g;

/**
 * Writes the bundle: scripts without source maps, the assets that they load beside them, and all licences.
 * @param directory an empty one
 * @throws {Error} when a module cannot be resolved, or two assets have one name
 */
export async function bundle(directory: string): Promise<void> {
  const assets = new Map<string, string>();
  const { metafile } = await build(directory, assets);
  for (const name of Object.keys(metafile.outputs)) {
    const script = await Deno.readTextFile(name);
    if (USES_COMMONJS.test(script)) await Deno.writeTextFile(name, COMMONJS + script);
  }
  for (const [name, source] of assets) {
    const packed = PACKED[basename(source)];
    if (packed === undefined) await copyFile(source, resolve(directory, name));
    else {
      const unpacked = packed.unpacked(await readFile(source));
      await writeFile(resolve(directory, packed.name), brotliCompressSync(unpacked, BROTLI));
    }
  }
  await Deno.writeTextFile(resolve(directory, LICENSES_FILE), await thirdPartyLicenses(Object.keys(metafile.inputs)));
}

async function build(directory: string, assets: Map<string, string>) {
  try {
    return await esbuild.build({
      entryPoints: [...ENTRY_POINTS],
      outdir: directory,
      entryNames: "[name]",
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "esnext",
      // Names too: every start parses what it needs of this, and short names are a third of the time for it.
      minify: true,
      legalComments: "none",
      metafile: true,
      logLevel: "warning",
      plugins: [nodeModules(), assetsBeside(assets)],
    });
  } finally {
    // Its process would keep this one from ending.
    await esbuild.stop();
  }
}

/** Packages import `fs`, Deno knows `node:fs` only. */
function nodeModules(): esbuild.Plugin {
  const bare = new Set(builtinModules);
  return {
    name: "node-modules",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path }) => {
        const name = path.replace(/^node:/, "");
        return bare.has(name) ? { path: `node:${name}`, external: true } : undefined;
      });
    },
  };
}

/** Moves every asset and worker beside the scripts, and tells the scripts so. */
function assetsBeside(assets: Map<string, string>): esbuild.Plugin {
  return {
    name: "assets-beside",
    setup(build) {
      build.onLoad({ filter: /[/\\]node_modules[/\\].*\.js$/ }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        const contents = source.replace(ASSET, (literal, quote: string, directory: string, name: string) => {
          const file = resolve(dirname(path), directory, name);
          if (UNUSED.includes(name) || !exists(file)) return literal;
          const bundled = bundledName(name);
          const other = assets.get(bundled);
          if (other !== undefined && other !== file) throw new Error(`Two assets have one name: ${other}, ${file}`);
          assets.set(bundled, file);
          return `${quote}${directory === "" ? "" : "./"}${bundled}${quote}`;
        });
        return { contents, loader: "js" };
      });
      build.onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        const contents = source.replace(WORKER, (_, name: string) => {
          const worker = relative(Deno.cwd(), resolve(dirname(path), `${name}.ts`));
          if (!ENTRY_POINTS.some((entry) => resolve(entry) === resolve(worker))) {
            throw new Error(`${basename(path)} starts a worker that is no entry point of the bundle: ${worker}`);
          }
          return `new URL("./${name}.js", import.meta.url)`;
        });
        return { contents, loader: "ts" };
      });
    },
  };
}

/** `deno compile` takes `*.wasm` for modules to be imported, and fails on those that import from their host. */
function bundledName(name: string): string {
  return name.endsWith(".wasm") ? `${name}.bin` : name;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
