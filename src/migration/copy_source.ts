/** The data of a file's COPY statements, read from the file while it runs. */

import { fileChanged } from "../errors/sql.ts";
import { type ScriptPiece, ScriptReader } from "../sql/script_reader.ts";
import { Checksum, piecesWithoutBom } from "./checksum.ts";
import type { Files } from "./files.ts";
import type { Migration } from "./migration.ts";

export class CopySource implements AsyncDisposable {
  readonly #pieces: AsyncGenerator<ScriptPiece>;
  readonly #checksum = new Checksum();
  /** How many COPY statements have been read to their end. */
  #ended = 0;

  /** Nothing is opened before the first data is asked for. */
  constructor(files: Files, readonly migration: Migration) {
    this.#pieces = piecesOf(files.stream(migration.path), this.#checksum);
  }

  /**
   * The data of the n-th COPY of the file, from 0; each at most once, and in order. A piece is good until the next one is
   * asked for.
   *
   * @throws {Failure} `file-changed`, `file-unreadable`
   */
  async *data(index: number): AsyncGenerator<Uint8Array> {
    while (this.#ended <= index) {
      const { value: piece, done } = await this.#pieces.next();
      if (done) throw fileChanged(this.migration.path);
      if (piece.kind === "data-end") this.#ended++;
      else if (piece.kind === "data" && this.#ended === index) yield piece.bytes;
    }
  }

  /** Reads the rest of the file. @throws {Failure} `file-changed` when it is not the file that was checked */
  async finish(): Promise<void> {
    while (!(await this.#pieces.next()).done);
    if (this.#checksum.digest() !== this.migration.checksum) throw fileChanged(this.migration.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pieces.return(undefined);
  }
}

async function* piecesOf(stream: AsyncIterable<Uint8Array>, checksum: Checksum): AsyncGenerator<ScriptPiece> {
  const reader = new ScriptReader();
  for await (const bytes of piecesWithoutBom(stream)) {
    checksum.update(bytes);
    yield* reader.push(bytes);
  }
  yield* reader.end();
}
