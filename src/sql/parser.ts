/** Statements of a SQL text, by PostgreSQL's own parser. */

import type { Node } from "libpg-query";
import { type ByteOffsets, byteOffsets, convertLocations } from "./byte_offsets.ts";
import { MAX_PARSED_BYTES } from "./parse_limit.ts";
import { positionAt } from "./positions.ts";
import { endOfLastToken, parseRaw } from "./wasm_parser.ts";

type KeyOf<Union> = Union extends Union ? keyof Union : never;
type NodeKind = KeyOf<Node>;
type NodeOf<Kind extends NodeKind> = Extract<Node, Readonly<Record<Kind, unknown>>>[Kind];

/** A statement's node by its type name: checking `kind` narrows `node`. */
type KindAndNode = { readonly [Kind in NodeKind]: { readonly kind: Kind; readonly node: NodeOf<Kind> } }[NodeKind];

interface Extent {
  /** UTF-16 index of the first character of the statement proper, after white space and comments. */
  readonly start: number;
  /** UTF-16 index behind its last character, before the `;`. */
  readonly end: number;
  /** The statement without its `;`. */
  readonly text: string;
}

/** One statement. Every `location` inside `node` is a UTF-16 index into the text that was parsed. */
export type Statement = KindAndNode & Extent;

export interface SyntaxError {
  readonly kind: "syntax-error";
  /** The parser's message: `syntax error at or near "nonsense"`. */
  readonly message: string;
  /** Characters (code points) from 1; null where the parser names none. */
  readonly position: number | null;
}

export type ParseOutcome =
  | { readonly kind: "statements"; readonly statements: readonly Statement[] }
  | SyntaxError
  /** The parser has not enough memory or stack for it; nothing is known of the text. */
  | { readonly kind: "too-large" };

/**
 * Parses a text of any number of statements, none included. Nothing is loaded before the first call.
 *
 * A text that the parser refuses, or that is too large for it, is an outcome; this never throws for what a text holds.
 */
export async function parse(text: string): Promise<ParseOutcome> {
  const zero = text.indexOf("\0");
  // The parser takes a C string and would silently stop here; this is what a server says of it.
  if (zero !== -1) {
    const message = 'invalid byte sequence for encoding "UTF8": 0x00';
    return { kind: "syntax-error", message, position: positionAt(text, zero) };
  }
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > MAX_PARSED_BYTES) return { kind: "too-large" };
  const outcome = await parseRaw(bytes);
  if (outcome.kind !== "tree") return outcome;
  const { stmts = [] } = JSON.parse(outcome.json) as ParsedJson;
  const offsets = byteOffsets(bytes);
  const statements: Statement[] = [];
  for (const raw of stmts) statements.push(await statement(raw, { text, bytes, offsets }));
  return { kind: "statements", statements };
}

/** Begins to load the parser, and to compile what every text needs of it, which takes longer than most files. */
export function loadParser(): void {
  // Whoever parses the first text is told what went wrong.
  parse("SELECT 1").catch(() => {});
}

interface ParsedJson {
  readonly stmts?: readonly RawStatement[];
}

interface RawStatement {
  readonly stmt: Node;
  /** Byte of the first token. The parser leaves out a field that is 0. */
  readonly stmt_location?: number;
  /** Bytes up to the `;`; 0 for all the rest of the text. */
  readonly stmt_len?: number;
}

interface Source {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly offsets: ByteOffsets;
}

async function statement(raw: RawStatement, { text, bytes, offsets }: Source): Promise<Statement> {
  const [kind, node] = Object.entries(raw.stmt)[0]!;
  convertLocations(node, offsets);
  const firstByte = raw.stmt_location ?? 0;
  const afterLastByte = raw.stmt_len === undefined ? bytes.length : firstByte + raw.stmt_len;
  const start = offsets.index(firstByte);
  const untilSemicolon = text.slice(start, offsets.index(afterLastByte)).trimEnd();
  const own = mayEndInComment(untilSemicolon) ? await withoutTrailingComments(untilSemicolon) : untilSemicolon;
  return { kind, node, start, end: start + own.length, text: own } as Statement;
}

/** Cheap and never wrongly false: a trailing comment is on the last line, or ends the text. */
function mayEndInComment(text: string): boolean {
  const lastLine = text.slice(Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1);
  return text.endsWith("*/") || lastLine.includes("--");
}

async function withoutTrailingComments(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return new TextDecoder().decode(bytes.subarray(0, await endOfLastToken(bytes)));
}
