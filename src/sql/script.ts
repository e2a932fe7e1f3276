/** A script in two: its SQL, and where the data stood that was cut out of it. */

import { isAscii } from "node:buffer";
import { type ScriptPiece, ScriptReader } from "./script_reader.ts";

/** A COPY … FROM stdin. Places are UTF-16 indices into the SQL. */
export interface ScriptCopy {
  readonly start: number;
  /** Behind its `;`. */
  readonly end: number;
  /** Where its data stood: the start of the line below. */
  readonly cut: number;
  /** How many lines of the file its data takes, that of `\.` included. */
  readonly lines: number;
  /** Whether its data is all ASCII. */
  readonly ascii: boolean;
  /** Whether a line `\.` ended its data, and not the file. */
  readonly closed: boolean;
}

export interface Script {
  /** The lines of the script without those of data, and with spaces for `\restrict` and `\unrestrict`. */
  readonly sql: string;
  readonly copies: readonly ScriptCopy[];
  /** Where each COPY … TO stdout starts. */
  readonly toClient: readonly number[];
  readonly commands: readonly { readonly index: number; readonly text: string }[];
}

/** What no script without data and without commands of psql has. Looked for first: most files are plain SQL. */
const MORE_THAN_SQL = /\\|\bstd(in|out)\b/i;

/** Reads a script that is held as a text. */
export function readScript(text: string): Script {
  if (!MORE_THAN_SQL.test(text)) return { sql: text, copies: [], toClient: [], commands: [] };
  const builder = new ScriptBuilder();
  builder.push(new TextEncoder().encode(text));
  return builder.end();
}

/** Puts a script together from bytes of UTF-8 that come in pieces; its data is looked at and dropped. */
export class ScriptBuilder {
  /** Bytes of SQL so far. */
  sqlBytes = 0;
  readonly #reader = new ScriptReader();
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #sql: string[] = [];
  #length = 0;
  readonly #begun: { readonly start: number; readonly end: number }[] = [];
  readonly #copies: ScriptCopy[] = [];
  readonly #toClient: number[] = [];
  readonly #commands: { readonly index: number; readonly text: string }[] = [];
  #ascii = true;

  push(bytes: Uint8Array): void {
    for (const piece of this.#reader.push(bytes)) this.#add(piece);
  }

  end(): Script {
    for (const piece of this.#reader.end()) this.#add(piece);
    return { sql: this.#sql.join(""), copies: this.#copies, toClient: this.#toClient, commands: this.#commands };
  }

  #add(piece: ScriptPiece): void {
    switch (piece.kind) {
      case "sql": {
        const text = this.#decoder.decode(piece.bytes, { stream: true });
        this.#sql.push(text);
        this.#length += text.length;
        this.sqlBytes += piece.bytes.length;
        break;
      }
      case "copy": {
        const start = this.#indexAt(piece.start);
        if (piece.direction === "TO stdout") this.#toClient.push(start);
        else this.#begun.push({ start, end: this.#length });
        break;
      }
      case "command":
        this.#commands.push({ index: this.#indexAt(piece.start), text: piece.text });
        break;
      case "data":
        this.#ascii &&= isAscii(piece.bytes);
        break;
      case "data-end":
        this.#copies.push({
          ...this.#begun[this.#copies.length]!,
          cut: this.#length,
          lines: piece.lines,
          ascii: this.#ascii,
          closed: piece.closed,
        });
        this.#ascii = true;
    }
  }

  /** The index of a byte of the SQL that is not far from its end. */
  #indexAt(byte: number): number {
    const bytes = this.sqlBytes - byte;
    let tail = "";
    // No character has more UTF-16 units than bytes.
    for (let last = this.#sql.length - 1; last >= 0 && tail.length < bytes; last--) tail = this.#sql[last]! + tail;
    const encoded = new TextEncoder().encode(tail.slice(-bytes));
    return this.#length - new TextDecoder("utf-8", { ignoreBOM: true }).decode(encoded.subarray(-bytes)).length;
  }
}
