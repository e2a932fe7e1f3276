/** The two large files of PGlite, where the executable has them: packed, beside its scripts. */

import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

/** What PGlite is started with in place of the files of its package. */
export interface EmbeddedFiles {
  readonly pgliteWasmModule?: WebAssembly.Module;
  readonly fsBundle?: Blob;
}

/** What scripts/bundle.ts packs: `pglite.wasm` as `pglite.wasm.gz`. Together 16 MB, and 5 MB packed. */
const PROGRAM = "pglite.wasm";
const SHARED_FILES = "pglite.data";

/** @returns nothing for the sources, where PGlite finds the files in its package */
export async function readEmbeddedFiles(): Promise<EmbeddedFiles> {
  const [program, shared] = await Promise.all([unpack(PROGRAM), unpack(SHARED_FILES)]);
  if (program === null || shared === null) return {};
  return { pgliteWasmModule: await WebAssembly.compile(program), fsBundle: new Blob([shared]) };
}

async function unpack(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const packed = await readFile(new URL(`./${name}.gz`, import.meta.url)).catch((error) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return packed === null ? null : new Uint8Array(await promisify(gunzip)(packed));
}
