/**
 * Takes a script apart as psql reads it: SQL, the data that stands below a COPY … FROM stdin, and commands of psql. Works
 * on bytes of UTF-8 that come in pieces of any size, and keeps none of them.
 */

import { CopyData } from "./copy_data.ts";
import { ScriptScanner } from "./script_scanner.ts";
import type { CopyDirection } from "./statement_words.ts";

/** A part of a script, in order. Offsets are bytes of its SQL: all that the pieces of kind `sql` hold. */
export type ScriptPiece =
  /** With spaces for what a command of psql takes. */
  | { readonly kind: "sql"; readonly bytes: Uint8Array }
  /** A COPY through the client has ended. Its data comes when its line has ended: one COPY after the other. */
  | { readonly kind: "copy"; readonly direction: CopyDirection; readonly start: number; readonly end: number }
  /** A command of psql, `\set x 1`, as far as it is worth showing. */
  | { readonly kind: "command"; readonly start: number; readonly text: string }
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  /** The data of a COPY has ended. `lines` counts its lines and that of `\.`; `closed`: there was one. */
  | { readonly kind: "data-end"; readonly lines: number; readonly closed: boolean };

const LF = 0x0a;
const SPACE = 0x20;

/** As much of a command of psql as is kept. */
const MAX_COMMAND_BYTES = 200;

/** pg_dump writes them since 2025, so that nothing between them can make psql run a command. Here nothing can. */
const HARMLESS = /^\\(un)?restrict(\s|$)/;

export class ScriptReader {
  readonly #scanner = new ScriptScanner();
  /** Bytes of SQL so far. */
  #length = 0;
  /** How many COPY statements of this line have their data below it. */
  #waiting = 0;
  #data: CopyData | null = null;
  #command: { readonly start: number; readonly bytes: number[] } | null = null;

  /** Reads the next bytes of the script. */
  *push(bytes: Uint8Array): Generator<ScriptPiece> {
    let at = 0;
    let lineEnd = -1;
    while (at < bytes.length) {
      if (this.#data !== null) {
        at = yield* this.#readData(bytes, at);
        continue;
      }
      // Data begins with the line below, whatever the rest of this one leaves open.
      if ((this.#waiting > 0 || this.#command !== null) && lineEnd <= at) {
        lineEnd = bytes.indexOf(LF, at) + 1;
        if (lineEnd === 0) lineEnd = bytes.length + 1;
      }
      if (this.#command !== null) at = yield* this.#readCommand(bytes.subarray(0, lineEnd), at);
      else at = yield* this.#readSql(this.#waiting > 0 ? bytes.subarray(0, lineEnd) : bytes, at);
      if (this.#waiting > 0 && at === lineEnd) this.#data = new CopyData();
    }
  }

  /** Ends the script. */
  *end(): Generator<ScriptPiece> {
    if (this.#command !== null) yield* this.#endCommand();
    const event = this.#data === null ? this.#scanner.end() : null;
    if (event?.kind === "copy") {
      yield event;
      if (event.direction === "FROM stdin") this.#waiting++;
    }
    if (this.#data !== null) {
      const held = this.#data.end();
      if (held.length > 0) yield { kind: "data", bytes: held };
      yield { kind: "data-end", lines: this.#data.lines, closed: this.#data.ended };
      this.#waiting--;
    }
    for (; this.#waiting > 0; this.#waiting--) yield { kind: "data-end", lines: 0, closed: false };
  }

  *#readSql(bytes: Uint8Array, from: number): Generator<ScriptPiece, number> {
    const { at, event } = this.#scanner.scan(bytes, from);
    if (at > from) yield this.#sql(bytes.subarray(from, at));
    if (event?.kind === "command") this.#command = { start: this.#length, bytes: [] };
    else if (event?.kind === "copy") {
      yield event;
      if (event.direction === "FROM stdin") this.#waiting++;
    }
    return at;
  }

  /** Reads up to the line's end, which is left for the scanner. */
  *#readCommand(line: Uint8Array, from: number): Generator<ScriptPiece, number> {
    const { bytes: kept } = this.#command!;
    const ended = line.at(-1) === LF;
    const rest = line.subarray(from, ended ? line.length - 1 : line.length);
    for (let index = 0; index < rest.length && kept.length < MAX_COMMAND_BYTES; index++) kept.push(rest[index]!);
    if (rest.length > 0) {
      const blank = new Uint8Array(rest.length).fill(SPACE);
      this.#scanner.scan(blank, 0);
      yield this.#sql(blank);
    }
    if (ended) yield* this.#endCommand();
    return from + rest.length;
  }

  *#endCommand(): Generator<ScriptPiece> {
    const { start, bytes } = this.#command!;
    this.#command = null;
    const text = new TextDecoder().decode(Uint8Array.from(bytes)).trimEnd();
    if (!HARMLESS.test(text)) yield { kind: "command", start, text };
  }

  *#readData(bytes: Uint8Array, from: number): Generator<ScriptPiece, number> {
    const reader = this.#data!;
    const { at, held, data } = reader.read(bytes, from);
    if (held.length > 0) yield { kind: "data", bytes: held };
    if (data.length > 0) yield { kind: "data", bytes: data };
    if (reader.ended) {
      yield { kind: "data-end", lines: reader.lines, closed: true };
      this.#waiting--;
      this.#data = this.#waiting > 0 ? new CopyData() : null;
    }
    return at;
  }

  #sql(bytes: Uint8Array): ScriptPiece {
    this.#length += bytes.length;
    return { kind: "sql", bytes };
  }
}
