/** Environment variables kept in a file, as `--env-file` names it. */

import { invalidEnvFile } from "../errors/command_line.ts";

const BLANK = /(?:[ \t]*(?:#.*)?(?:\n|$))/y;
/** A name and `=`; then a value in quotes of one kind, which may go on over lines. {@link PLAIN}: one up to the line's end. */
const QUOTED =
  /[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[^])*)"|'([^']*)'|`([^`]*)`)(?:[ \t]+#.*|[ \t]*)(?:\n|$)/y;
const PLAIN = /[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*(?!["'`])(.*)(?:\n|$)/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/**
 * Reads the lines `NAME=value` of a file. `export ` may come first. In double quotes `\n`, `\r`, `\t` and `\"` are
 * escapes; nothing is expanded. `#` begins a comment at the start of a line or after white space: elsewhere it may belong
 * to a password. (`parseEnv` of `node:util` ends a value at any `#`, and Deno 2.5 has none.)
 *
 * @param text the file's text
 * @param file its name, for the failure
 * @returns variables by name; the last one wins
 * @throws {Failure} `invalid-env-file`
 */
export function parseEnvFile(text: string, file: string): Readonly<Record<string, string>> {
  const rest = text.replace(/^\uFEFF/, "").replace(/\r\n/g, "\n");
  const variables = new Map<string, string>();
  for (let at = 0; at < rest.length;) {
    BLANK.lastIndex = QUOTED.lastIndex = PLAIN.lastIndex = at;
    if (BLANK.test(rest)) {
      at = BLANK.lastIndex;
      continue;
    }
    const [, quoted, double, single, back] = QUOTED.exec(rest) ?? [];
    const [, unquoted, plain] = quoted === undefined ? PLAIN.exec(rest) ?? [] : [];
    const name = quoted ?? unquoted;
    if (name === undefined) throw invalidEnvFile(file, rest.slice(0, at).split("\n").length, "it is no NAME=value");
    const escaped = double?.replace(/\\([^])/g, (_, character: string) => ESCAPES[character] ?? character);
    variables.set(name, escaped ?? single ?? back ?? withoutComment(plain ?? ""));
    at = Math.max(PLAIN.lastIndex, QUOTED.lastIndex);
  }
  return Object.fromEntries(variables);
}

/** In two steps: one pattern for both would take a time that grows with the square of the white space. */
function withoutComment(value: string): string {
  const comment = value.search(/[ \t]#/);
  return (comment < 0 ? value : value.slice(0, comment)).replace(/(?<![ \t])[ \t]+$/, "");
}
