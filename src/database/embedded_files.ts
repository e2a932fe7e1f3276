/** The large files of PGlite, where the executable has them: packed, beside its scripts. */

import type { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { dataDir } from "@electric-sql/pglite-prepopulatedfs";

/** What PGlite is started with in place of the files of its package. */
export interface EmbeddedFiles {
  readonly pgliteWasmModule?: WebAssembly.Module;
  readonly fsBundle?: Blob;
}

/** What scripts/bundle.ts packs, together 57 MB, and 6 MB packed. */
const PROGRAM = "pglite.wasm.br";
const SHARED_FILES = "pglite.data.br";
const NEW_DATABASE = "prepopulatedfs.tar.br";

/** @returns nothing for the sources, where PGlite finds the files in its package */
export async function readEmbeddedFiles(): Promise<EmbeddedFiles> {
  const [program, shared] = await Promise.all([unpack(PROGRAM), unpack(SHARED_FILES)]);
  if (program === null || shared === null) return {};
  return { pgliteWasmModule: await WebAssembly.compile(program), fsBundle: new Uncopied(shared) };
}

/** The data directory of a new database, as a tar archive that is compressed or not. */
export async function readNewDatabase(): Promise<Blob> {
  const unpacked = await unpack(NEW_DATABASE);
  return unpacked === null ? await dataDir() : new Uncopied(unpacked);
}

/**
 * Bytes as the Blob that PGlite takes, which it asks for nothing but its type and all of its bytes. A Blob copies them
 * twice, once in and once out: for 46 MB an eighth of the whole start.
 */
class Uncopied extends Blob {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super();
    this.#bytes = bytes;
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    const isWhole = byteLength === buffer.byteLength;
    return Promise.resolve(isWhole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength));
  }
}

async function unpack(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const packed = await readFile(new URL(`./${name}`, import.meta.url)).catch((error) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return packed === null ? null : await promisify(brotliDecompress)(packed) as Buffer<ArrayBuffer>;
}
