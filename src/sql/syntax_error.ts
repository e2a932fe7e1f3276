/** A syntax error found before a file runs, as a failure with the way out where the cause is known. */

import type { Failure } from "../errors/failure.ts";
import { syntaxError } from "../errors/sql.ts";
import type { SyntaxError } from "./parser.ts";
import { positionInFile, type SqlFile } from "./sql_file.ts";

/** Characters that are shown of the text that the parser stopped at: for an open quote it names all the rest. */
const MAX_SHOWN_CHARACTERS = 60;

/** The failure for a syntax error in a file. */
export function syntaxFailure(file: SqlFile, error: SyntaxError): Failure {
  const message = sentenceCase(shortened(error.message));
  if (error.position === null) return syntaxError(message, { file: file.path });
  return syntaxError(message, { place: positionInFile(file, { start: 0, position: error.position }) });
}

function shortened(message: string): string {
  const [, before, shown] = /^(.* at or near ")(.*)"$/s.exec(message) ?? [];
  if (before === undefined || shown === undefined) return message;
  const [line = ""] = shown.split(/[\r\n]/, 1);
  const characters = [...line];
  const cut = characters.length > MAX_SHOWN_CHARACTERS ? characters.slice(0, MAX_SHOWN_CHARACTERS).join("") : line;
  return cut === shown ? message : `${before}${cut}…"`;
}

function sentenceCase(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}
