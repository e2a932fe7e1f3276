/**
 * The extensions that the embedded PostgreSQL can `CREATE EXTENSION`: all that PGlite brings.
 *
 * PGlite's own way compiles every library of every bundle at the start, which takes 300 to 500 ms. Their files are only
 * laid down here (about 60 ms for all); PostgreSQL opens and compiles a library when an extension first needs it.
 */

import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { PGlite } from "@electric-sql/pglite";
import { amcheck } from "@electric-sql/pglite/contrib/amcheck";
import { auto_explain } from "@electric-sql/pglite/contrib/auto_explain";
import { bloom } from "@electric-sql/pglite/contrib/bloom";
import { btree_gin } from "@electric-sql/pglite/contrib/btree_gin";
import { btree_gist } from "@electric-sql/pglite/contrib/btree_gist";
import { citext } from "@electric-sql/pglite/contrib/citext";
import { cube } from "@electric-sql/pglite/contrib/cube";
import { dict_int } from "@electric-sql/pglite/contrib/dict_int";
import { dict_xsyn } from "@electric-sql/pglite/contrib/dict_xsyn";
import { earthdistance } from "@electric-sql/pglite/contrib/earthdistance";
import { file_fdw } from "@electric-sql/pglite/contrib/file_fdw";
import { fuzzystrmatch } from "@electric-sql/pglite/contrib/fuzzystrmatch";
import { hstore } from "@electric-sql/pglite/contrib/hstore";
import { intarray } from "@electric-sql/pglite/contrib/intarray";
import { isn } from "@electric-sql/pglite/contrib/isn";
import { lo } from "@electric-sql/pglite/contrib/lo";
import { ltree } from "@electric-sql/pglite/contrib/ltree";
import { moddatetime } from "@electric-sql/pglite/contrib/moddatetime";
import { pageinspect } from "@electric-sql/pglite/contrib/pageinspect";
import { pg_buffercache } from "@electric-sql/pglite/contrib/pg_buffercache";
import { pg_freespacemap } from "@electric-sql/pglite/contrib/pg_freespacemap";
import { pg_stat_statements } from "@electric-sql/pglite/contrib/pg_stat_statements";
import { pg_surgery } from "@electric-sql/pglite/contrib/pg_surgery";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { pg_visibility } from "@electric-sql/pglite/contrib/pg_visibility";
import { pg_walinspect } from "@electric-sql/pglite/contrib/pg_walinspect";
import { pgcrypto } from "@electric-sql/pglite/contrib/pgcrypto";
import { seg } from "@electric-sql/pglite/contrib/seg";
import { tablefunc } from "@electric-sql/pglite/contrib/tablefunc";
import { tcn } from "@electric-sql/pglite/contrib/tcn";
import { tsm_system_rows } from "@electric-sql/pglite/contrib/tsm_system_rows";
import { tsm_system_time } from "@electric-sql/pglite/contrib/tsm_system_time";
import { unaccent } from "@electric-sql/pglite/contrib/unaccent";
import { uuid_ossp } from "@electric-sql/pglite/contrib/uuid_ossp";

const EXTENSIONS = [
  amcheck,
  auto_explain,
  bloom,
  btree_gin,
  btree_gist,
  citext,
  cube,
  dict_int,
  dict_xsyn,
  earthdistance,
  file_fdw,
  fuzzystrmatch,
  hstore,
  intarray,
  isn,
  lo,
  ltree,
  moddatetime,
  pageinspect,
  pg_buffercache,
  pg_freespacemap,
  pg_stat_statements,
  pg_surgery,
  pg_trgm,
  pg_visibility,
  pg_walinspect,
  pgcrypto,
  seg,
  tablefunc,
  tcn,
  tsm_system_rows,
  tsm_system_time,
  unaccent,
  uuid_ossp,
];

/** Where PGlite has its installation, in its own file system. */
const INSTALLATION = "/pglite";

export interface ExtensionFile {
  /** In PGlite's file system: `/pglite/share/postgresql/extension/citext.control`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Reads and unpacks the files of every extension. */
export async function readExtensions(): Promise<readonly ExtensionFile[]> {
  return (await Promise.all(EXTENSIONS.map(readExtension))).flat();
}

/** Lays the files down where PostgreSQL looks for them. */
export function installExtensions(database: PGlite, files: readonly ExtensionFile[]): void {
  for (const { path, bytes } of files) database.copyToFS(path, bytes);
}

async function readExtension({ setup }: (typeof EXTENSIONS)[number]): Promise<ExtensionFile[]> {
  // The package says where its bundle lies: also right where it is part of the executable. It uses neither argument.
  const { bundlePath } = await setup(undefined as never, undefined);
  if (bundlePath === undefined) return [];
  return [...untar(await promisify(gunzip)(await readFile(bundlePath)))];
}

const TAR_BLOCK_BYTES = 512;

/** The regular files of a tar archive (POSIX "ustar"; PGlite's bundles have no longer names). */
function* untar(archive: Uint8Array): Generator<ExtensionFile> {
  const text = (start: number, end: number) =>
    new TextDecoder().decode(archive.subarray(start, end)).split("\0")[0] ?? "";
  for (let at = 0; at + TAR_BLOCK_BYTES <= archive.length && archive[at] !== 0;) {
    const name = text(at, at + 100);
    const sizeBytes = parseInt(text(at + 124, at + 136), 8);
    const type = text(at + 156, at + 157);
    const start = at + TAR_BLOCK_BYTES;
    if (type === "0" || type === "") {
      yield { path: `${INSTALLATION}/${name}`, bytes: archive.subarray(start, start + sizeBytes) };
    }
    at = start + Math.ceil(sizeBytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
  }
}
