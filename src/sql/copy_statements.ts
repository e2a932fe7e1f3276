/** COPY … FROM stdin, as the parser sees it and as the reader of scripts saw it. */

import type { Failure } from "../errors/failure.ts";
import { binaryCopy, copyUnclear, foreignEncoding } from "../errors/sql.ts";
import { option, optionText } from "./option_values.ts";
import type { Statement } from "./parser.ts";
import type { Script } from "./script.ts";
import { placeInFile, type SqlFile } from "./sql_file.ts";

type CopyStatement = Extract<Statement, { readonly kind: "CopyStmt" }>;

/** Encodings in which the server takes the bytes of UTF-8 for what they are. */
const TRUE_TO_UTF8 = /^(utf_?-?8|unicode|sql_?ascii|default)$/i;

/**
 * What speaks against sending a file's data where the reader of scripts found it: the parser finds the statement
 * somewhere else, the data is binary, or the server would read it in another encoding than it is written in.
 */
export function copyFailures(file: SqlFile, statements: readonly Statement[], { copies }: Script): readonly Failure[] {
  const parsed = statements.filter(readsFromClient);
  for (let index = 0; index < Math.max(parsed.length, copies.length); index++) {
    const [statement, copy] = [parsed[index], copies[index]];
    const agrees = statement !== undefined && copy !== undefined && statement.start === copy.start &&
      statement.end <= copy.end;
    if (!agrees) {
      return [copyUnclear(placeInFile(file, Math.min(statement?.start ?? Infinity, copy?.start ?? Infinity)))];
    }
  }
  return parsed.filter(({ node }) => isBinary(node)).map(({ start }) => binaryCopy(placeInFile(file, start)));
}

/** A SET client_encoding under which the rest of the file would be misread. */
export function encodingFailures(file: SqlFile, statements: readonly Statement[], script: Script): readonly Failure[] {
  return statements.flatMap((statement, index) => {
    const encoding = encodingOf(statement);
    if (encoding === null || TRUE_TO_UTF8.test(encoding)) return [];
    const next = statements.slice(index + 1).find((later) => encodingOf(later) !== null);
    const end = next?.start ?? file.text.length;
    const data = script.copies.filter(({ start }) => start >= statement.start && start < end);
    const ascii = isAscii(file.text.slice(statement.end, end)) && data.every(({ ascii }) => ascii);
    return ascii ? [] : [foreignEncoding(placeInFile(file, statement.start), encoding)];
  });
}

function readsFromClient(statement: Statement): statement is CopyStatement {
  if (statement.kind !== "CopyStmt") return false;
  const { filename, is_from: isFrom, is_program: isProgram } = statement.node;
  return isFrom === true && filename === undefined && !isProgram;
}

function isBinary({ options }: CopyStatement["node"]): boolean {
  const format = option(options, "format");
  return format !== null && optionText(format)?.toLowerCase() === "binary";
}

/** The encoding that SET client_encoding or SET NAMES gives; `default` for what takes it back. */
function encodingOf({ kind, node }: Statement): string | null {
  if (kind !== "VariableSetStmt") return null;
  if (node.kind === "VAR_RESET_ALL") return "default";
  if (node.name?.toLowerCase() !== "client_encoding") return null;
  const [value] = node.args ?? [];
  return value !== undefined && "A_Const" in value ? value.A_Const.sval?.sval ?? "default" : "default";
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
