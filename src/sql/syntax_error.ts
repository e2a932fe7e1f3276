/** A syntax error found before a file runs, as a failure with the way out where the cause is known. */

import { type Failure, syntaxError } from "../errors.ts";
import type { SyntaxError } from "./parser.ts";
import { indexAt, placeAt } from "./positions.ts";
import type { SqlFile } from "./transaction_control.ts";

/** Characters that are shown of the text that the parser stopped at: for an open quote it names all the rest. */
const MAX_SHOWN_CHARACTERS = 60;

const PSQL_COMMAND = /^\s*(\\(?:[a-z]\w*|[!?.]))/i;
const COPY_FROM_STDIN = /\bcopy\b.*\bfrom\s+stdin\b/is;

/** The failure for a syntax error in a file. */
export function syntaxFailure(file: SqlFile, error: SyntaxError): Failure {
  const message = sentenceCase(shortened(error.message));
  if (error.position === null) return syntaxError(message, { file: file.path });
  const place = { file: file.path, ...placeAt(file.text, error.position) };
  const hint = hintOf(file.text.slice(0, indexAt(file.text, error.position)), place.sourceLine);
  return syntaxError(message, hint === null ? { place } : { place, hint });
}

function shortened(message: string): string {
  const [, before, shown] = /^(.* at or near ")(.*)"$/s.exec(message) ?? [];
  if (before === undefined || shown === undefined) return message;
  const [line = ""] = shown.split(/[\r\n]/, 1);
  const characters = [...line];
  const cut = characters.length > MAX_SHOWN_CHARACTERS ? characters.slice(0, MAX_SHOWN_CHARACTERS).join("") : line;
  return cut === shown ? message : `${before}${cut}…"`;
}

function hintOf(before: string, sourceLine: string): string | null {
  if (COPY_FROM_STDIN.test(lastStatement(before))) {
    return "The lines after COPY … FROM stdin are its data, which a migration cannot hold yet. " +
      "Write the rows as INSERT statements, or load the data apart from the migration.";
  }
  const command = PSQL_COMMAND.exec(sourceLine)?.[1];
  if (command === undefined) return null;
  return `${command} is a command of psql, not SQL, and pgmigrate sends SQL only. Take the line out.`;
}

/** The statement that a text ends with, if its `;` is the last thing in it. */
function lastStatement(text: string): string {
  const trimmed = text.trimEnd();
  if (!trimmed.endsWith(";")) return "";
  return trimmed.slice(trimmed.lastIndexOf(";", trimmed.length - 2) + 1);
}

function sentenceCase(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}
