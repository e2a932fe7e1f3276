/**
 * PostgreSQL 18's own parser, compiled to WebAssembly (npm package `libpg-query`).
 *
 * The package's generated module is used directly instead of its wrapper, because an instance must be thrown away at
 * times: after a trap (out of memory, stack overflow) every later call on it fails, and its memory grows with the
 * largest text it has seen (to 1 GiB) and never shrinks.
 */

/** What the WebAssembly side answers. Offsets inside `json` are bytes of UTF-8. */
export type RawOutcome =
  | { readonly kind: "tree"; readonly json: string }
  | { readonly kind: "syntax-error"; readonly message: string; readonly position: number | null }
  | { readonly kind: "too-large" };

/** The parts that are used of what `libpg-query.js` exports (an Emscripten module). */
interface Instance {
  readonly HEAPU8: Uint8Array;
  _malloc(size: number): number;
  _free(pointer: number): void;
  _wasm_parse_query_raw(text: number): number;
  _wasm_free_parse_result(result: number): void;
  _wasm_parse_plpgsql(text: number): number;
  _wasm_scan(text: number): number;
  _wasm_free_string(pointer: number): void;
  getValue(pointer: number, type: "i32"): number;
}

type Instantiate = (options: { print(line: string): void; printErr(line: string): void }) => Promise<Instance>;

/** An instance starts with 128 MiB of address space; one that had to grow is not kept. */
const KEPT_MEMORY_BYTES = 128 * 1024 * 1024;

/**
 * The largest tree that is handed on: JavaScript needs some five times its size for the objects, and running out of
 * heap there cannot be caught. It is what about 10 MB of INSERT statements make.
 */
const MAX_JSON_BYTES = 96 * 1024 * 1024;

/** Reasons of PostgreSQL that are not about the text, but about the room that this build of the parser has. */
const NO_ROOM = /^(out of memory|invalid memory alloc request size|stack depth limit exceeded)/;

let instance: Promise<Instance> | null = null;

/** Parses a text to PostgreSQL's parse tree as JSON. Loads the parser at the first call. */
export async function parseRaw(text: Uint8Array): Promise<RawOutcome> {
  return await use(text, parseWith) ?? { kind: "too-large" };
}

/**
 * Reads the body of a DO block or of CREATE FUNCTION in PL/pgSQL.
 *
 * @param text the whole statement
 * @returns PL/pgSQL's own tree as JSON; null where it cannot be read
 */
export async function parsePlpgsqlRaw(text: Uint8Array): Promise<string | null> {
  const json = await use(text, plpgsqlWith);
  // An error is a bare message instead of JSON.
  return json?.startsWith("{") && json.length <= MAX_JSON_BYTES ? json : null;
}

/** The byte behind the last token that is not a comment; the length of the text where it cannot be scanned. */
export async function endOfLastToken(text: Uint8Array): Promise<number> {
  const json = await use(text, scanWith);
  // An error is a bare message instead of JSON.
  if (json === null || !json.startsWith("{")) return text.length;
  const { tokens } = JSON.parse(json) as { readonly tokens: readonly Token[] };
  return tokens.findLast(({ tokenName }) => !COMMENT.test(tokenName))?.end ?? 0;
}

interface Token {
  readonly tokenName: string;
  readonly end: number;
}

const COMMENT = /^(SQL|C)_COMMENT$/;

/** Calls the parser with a pointer to the text; null when it had not enough room. */
async function use<T>(text: Uint8Array, call: (parser: Instance, text: number) => T): Promise<T | null> {
  const parser = await (instance ??= instantiate());
  try {
    const pointer = parser._malloc(text.length + 1);
    if (pointer === 0) return null;
    parser.HEAPU8.set(text, pointer >>> 0);
    parser.HEAPU8[(pointer >>> 0) + text.length] = 0;
    const result = call(parser, pointer);
    parser._free(pointer);
    if (parser.HEAPU8.length > KEPT_MEMORY_BYTES) instance = null;
    return result;
  } catch {
    // A trap or an exit of the C code: the instance is not usable any more.
    instance = null;
    return null;
  }
}

async function instantiate(): Promise<Instance> {
  const module = await import("libpg-query/wasm/libpg-query.js") as { readonly default: Instantiate };
  // What it prints is the memory statistics of a parser that gives up: nothing a user could use.
  return await module.default({ print: ignore, printErr: ignore });
}

function ignore(): void {}

function parseWith(parser: Instance, text: number): RawOutcome {
  const result = parser._wasm_parse_query_raw(text);
  if (result === 0) return { kind: "too-large" };
  const outcome = readResult(parser, result);
  parser._wasm_free_parse_result(result);
  return outcome;
}

function plpgsqlWith(parser: Instance, text: number): string {
  return takeString(parser, parser._wasm_parse_plpgsql(text));
}

function scanWith(parser: Instance, text: number): string {
  return takeString(parser, parser._wasm_scan(text));
}

function takeString(parser: Instance, result: number): string {
  const json = new TextDecoder().decode(bytesAt(parser, result));
  parser._wasm_free_string(result);
  return json;
}

/** Reads the C struct PgQueryParseResult { char *tree; char *stderr; PgQueryError *error }. */
function readResult(parser: Instance, result: number): RawOutcome {
  const error = parser.getValue(result + 8, "i32");
  if (error !== 0) return readError(parser, error);
  const json = bytesAt(parser, parser.getValue(result, "i32"));
  if (json.length > MAX_JSON_BYTES) return { kind: "too-large" };
  return { kind: "tree", json: new TextDecoder().decode(json) };
}

/** Reads PgQueryError { char *message, *funcname, *filename; int lineno, cursorpos; … }. */
function readError(parser: Instance, error: number): RawOutcome {
  const message = new TextDecoder().decode(bytesAt(parser, parser.getValue(error, "i32")));
  if (NO_ROOM.test(message)) return { kind: "too-large" };
  const position = parser.getValue(error + 16, "i32");
  return { kind: "syntax-error", message, position: position > 0 ? position : null };
}

/** The bytes of a C string. Pointers past 2 GiB would be negative as i32. */
function bytesAt(parser: Instance, pointer: number): Uint8Array {
  const start = pointer >>> 0;
  return parser.HEAPU8.subarray(start, parser.HEAPU8.indexOf(0, start));
}
