/**
 * The lexical rules by which psql finds the ends of statements and its own commands in a script (PostgreSQL's
 * `psqlscan.l`), over bytes of UTF-8 that come in pieces of any size. Standard-conforming strings, as everywhere here.
 */

import { type CopyDirection, StatementWords, WORDS_THAT_MATTER } from "./statement_words.ts";

/** What a script holds beside SQL. Offsets are bytes from the first one that was scanned. */
export type ScriptEvent =
  /** A COPY through the client has ended, with its `;` or with the script. */
  | { readonly kind: "copy"; readonly direction: CopyDirection; readonly start: number; readonly end: number }
  /** A backslash outside of quotes and comments, which the scanner stands at: a command of psql. */
  | { readonly kind: "command"; readonly start: number };

type State =
  | "code"
  | "word"
  | "number"
  | "dollar"
  | "dollar-quoted"
  | "string"
  | "escape-string"
  | "escaped"
  | "name"
  | "minus"
  | "line-comment"
  | "slash"
  | "block-comment";

const [LF, CR, QUOTE, DOUBLE_QUOTE, DOLLAR, MINUS, SLASH, STAR, OPEN, CLOSE, SEMICOLON, BACKSLASH, DOT] = [
  ..."\n\r'\"$-/*();\\.",
].map((character) => character.charCodeAt(0)) as [
  ...[number, number, number, number, number, number, number, number, number, number, number, number, number],
];

const LOWER_CASE_BIT = 0x20;

/** Longer words are no keywords that matter. */
const MAX_WORD_BYTES = 10;

/** The keywords that matter, by their lengths and first letters: most words need no further look. */
const KEYWORDS = Map.groupBy(
  WORDS_THAT_MATTER.map((word) => Array.from(word, (letter) => letter.charCodeAt(0))),
  (codes) => codes.length << 8 | codes[0]!,
);

/** A word as a keyword that matters, or "". */
function keyword(word: Uint8Array, length: number): string {
  const found = KEYWORDS.get(length << 8 | word[0]!)?.find((codes) =>
    codes.every((code, index) => code === word[index])
  );
  return found === undefined ? "" : String.fromCharCode(...found);
}

const SPACE = 1;
const DIGIT = 2;
const LETTER = 3;

/** What kind of byte each is; 0 for the others. Every byte of a character that is not ASCII can be part of a name. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (/[ \t\n\r\f\v]/.test(character)) return SPACE;
  if (/[0-9]/.test(character)) return DIGIT;
  return byte >= 0x80 || /[A-Za-z_]/.test(character) ? LETTER : 0;
});

export class ScriptScanner {
  #state: State = "code";
  #event: ScriptEvent | null = null;
  /** Offset of the first byte of what is scanned now. */
  #base = 0;
  /** Where the statement begins; -1 between statements. */
  #start = -1;
  #depth = 0;
  #commentDepth = 0;
  #before = 0;
  readonly #words = new StatementWords();
  readonly #word = new Uint8Array(MAX_WORD_BYTES);
  #wordLength = 0;
  #tag: number[] = [];
  #matched = 0;
  /**
   * How the string that was closed last may go on: E'…' with a quote at once (a doubled one), or with one behind a line
   * end, in the same way of quoting.
   */
  #after: "other" | "escape-string" | "escape-string and space" | "escape-string and line end" = "other";

  /**
   * Reads bytes until something is found, or all of them.
   *
   * @returns the index behind the last byte that was read
   */
  scan(bytes: Uint8Array, from: number): { readonly at: number; readonly event: ScriptEvent | null } {
    this.#base -= from;
    this.#event = null;
    let at = from;
    while (at < bytes.length && this.#event === null) at = this.#read(bytes, at);
    this.#base += at;
    return { at, event: this.#event };
  }

  /** The script ends here: a last statement needs no `;`. */
  end(): ScriptEvent | null {
    this.#event = null;
    if (this.#state === "word") this.#endWord();
    this.#endStatement(this.#base);
    return this.#event;
  }

  #read(bytes: Uint8Array, at: number): number {
    switch (this.#state) {
      case "code":
        return this.#code(bytes, at);
      case "word":
        return this.#readWord(bytes, at);
      case "number":
        while (at < bytes.length && KINDS[bytes[at]!] === DIGIT) at++;
        if (at < bytes.length) this.#state = "code";
        return at;
      case "dollar":
        return this.#dollar(bytes, at);
      case "dollar-quoted":
        return this.#dollarQuoted(bytes, at);
      case "string":
        return this.#until(QUOTE, bytes, at);
      case "name":
        return this.#until(DOUBLE_QUOTE, bytes, at);
      case "escape-string":
        return this.#escapeString(bytes, at);
      case "escaped":
        this.#state = "escape-string";
        return at + 1;
      case "minus":
        return this.#second(bytes[at] === MINUS ? "line-comment" : null, at);
      case "slash":
        return this.#second(bytes[at] === STAR ? "block-comment" : null, at);
      case "line-comment":
        while (at < bytes.length && bytes[at] !== LF && bytes[at] !== CR) at++;
        if (at < bytes.length) this.#state = "code";
        return at;
      case "block-comment":
        return this.#blockComment(bytes, at);
    }
  }

  #code(bytes: Uint8Array, at: number): number {
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      const kind = KINDS[byte];
      if (kind === SPACE) {
        if (this.#after !== "other") this.#space(byte);
        continue;
      }
      if (byte === MINUS || byte === SLASH) {
        this.#state = byte === MINUS ? "minus" : "slash";
        return at + 1;
      }
      if (byte === BACKSLASH) {
        this.#event = { kind: "command", start: this.#base + at };
        return at;
      }
      if (kind === LETTER) {
        this.#begin(at);
        this.#wordLength = 0;
        this.#state = "word";
        return at;
      }
      if (byte === SEMICOLON && this.#depth === 0 && !this.#words.inBody) {
        this.#endStatement(this.#base + at + 1);
        return at + 1;
      }
      const after = this.#after;
      this.#begin(at);
      this.#words.other(byte === DOT ? "." : "");
      if (byte === QUOTE) {
        const goesOn = after === "escape-string" || after === "escape-string and line end";
        this.#state = goesOn ? "escape-string" : "string";
        return at + 1;
      }
      if (byte === DOUBLE_QUOTE) this.#state = "name";
      else if (byte === DOLLAR) this.#state = "dollar";
      else if (kind === DIGIT) this.#state = "number";
      else if (byte === OPEN) this.#depth++;
      else if (byte === CLOSE && this.#depth > 0) this.#depth--;
      if (this.#state !== "code") {
        this.#tag = [];
        return at + 1;
      }
    }
    return at;
  }

  /** A token of the statement begins. */
  #begin(at: number): void {
    if (this.#start === -1) this.#start = this.#base + at;
    this.#after = "other";
  }

  #space(byte: number): void {
    if (byte === LF || byte === CR) this.#after = "escape-string and line end";
    else if (this.#after === "escape-string") this.#after = "escape-string and space";
  }

  #endStatement(end: number): void {
    const { copy } = this.#words;
    if (copy !== null) this.#event = { kind: "copy", direction: copy, start: this.#start, end };
    this.#words.reset();
    this.#start = -1;
    this.#after = "other";
  }

  #readWord(bytes: Uint8Array, at: number): number {
    const start = at - this.#wordLength;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      const kind = KINDS[byte];
      if (kind !== LETTER && kind !== DIGIT && byte !== DOLLAR) {
        this.#wordLength = at - start;
        this.#endWord();
        if (byte !== QUOTE || this.#wordLength !== 1 || this.#word[0] !== "e".charCodeAt(0)) {
          this.#state = "code";
          return at;
        }
        this.#words.other();
        this.#state = "escape-string";
        return at + 1;
      }
      if (at - start < MAX_WORD_BYTES) this.#word[at - start] = byte | LOWER_CASE_BIT;
    }
    this.#wordLength = at - start;
    return at;
  }

  #endWord(): void {
    if (this.#words.wanted) this.#words.word(keyword(this.#word, this.#wordLength), this.#depth);
  }

  /** Behind a `$`: a tag and a second `$` begin a string; anything else is a parameter, or a sign before a word. */
  #dollar(bytes: Uint8Array, at: number): number {
    const byte = bytes[at]!;
    const kind = KINDS[byte];
    if (byte === DOLLAR) {
      this.#tag = [DOLLAR, ...this.#tag, DOLLAR];
      this.#matched = 0;
      this.#state = "dollar-quoted";
      return at + 1;
    }
    if (kind === LETTER || (kind === DIGIT && this.#tag.length > 0)) {
      this.#tag.push(byte);
      return at + 1;
    }
    if (this.#tag.length === 0) {
      this.#state = "code";
      return at;
    }
    this.#wordLength = this.#tag.length;
    for (const [index, part] of this.#tag.slice(0, MAX_WORD_BYTES).entries()) this.#word[index] = part | LOWER_CASE_BIT;
    this.#state = "word";
    return at;
  }

  #dollarQuoted(bytes: Uint8Array, at: number): number {
    while (at < bytes.length) {
      const byte = bytes[at++]!;
      // A tag holds no `$`, so that no match begins inside another but at its last byte.
      if (byte === this.#tag[this.#matched]) this.#matched++;
      else this.#matched = byte === DOLLAR ? 1 : 0;
      if (this.#matched === this.#tag.length) {
        this.#state = "code";
        return at;
      }
    }
    return at;
  }

  /** A doubled quote ends the string and begins another. */
  #until(quote: number, bytes: Uint8Array, at: number): number {
    while (at < bytes.length && bytes[at] !== quote) at++;
    if (at === bytes.length) return at;
    this.#state = "code";
    return at + 1;
  }

  #escapeString(bytes: Uint8Array, at: number): number {
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte !== QUOTE && byte !== BACKSLASH) continue;
      this.#state = byte === QUOTE ? "code" : "escaped";
      this.#after = "escape-string";
      return at + 1;
    }
    return at;
  }

  /** The byte behind a `-` or `/`: a comment begins with it, or the first one was an operator. */
  #second(comment: "line-comment" | "block-comment" | null, at: number): number {
    if (comment === null) {
      this.#state = "code";
      this.#begin(at - 1);
      this.#words.other();
      return at;
    }
    if (this.#after === "escape-string") this.#after = "escape-string and space";
    if (comment === "block-comment") this.#after = "other";
    this.#state = comment;
    this.#commentDepth = 1;
    this.#before = 0;
    return at + 1;
  }

  #blockComment(bytes: Uint8Array, at: number): number {
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (this.#before === STAR && byte === SLASH) {
        this.#before = 0;
        if (--this.#commentDepth > 0) continue;
        this.#state = "code";
        return at + 1;
      }
      const opens = this.#before === SLASH && byte === STAR;
      if (opens) this.#commentDepth++;
      this.#before = opens ? 0 : byte;
    }
    return at;
  }
}
