/** Makes text of others (server messages, file and role names, source lines) safe to show: it cannot forge output. */

/**
 * What is never shown as it is: control characters (line ends, ANSI sequences), what turns the direction of writing,
 * invisible characters, and halves of surrogate pairs. Joiners stay: scripts and emoji need them.
 */
const UNSAFE =
  /[\p{Cc}\p{Cs}\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

const NAMES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line: whatever is unsafe is shown as `\n`, `\t` or `\u{1b}`. */
export function escapeLine(text: string): string {
  return text.replace(UNSAFE, (character) => NAMES[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** One line in which tabs stay: source lines, where the caret under them must stand right. */
export function escapeSourceLine(text: string): string {
  return text.split("\t").map(escapeLine).join("\t");
}

/** The lines of a text of several, each made safe; empty ones at the end are dropped. */
export function escapeLines(text: string): readonly string[] {
  return text.replace(/\s+$/, "").split(/\r\n|\n|\r/).map((line) => escapeLine(line.replaceAll("\t", "  ")));
}

/**
 * Text in which no line is a command to a CI server that reads the log: GitHub takes lines that begin with `::`, and
 * `##[` and `##vso[` (Azure) wherever they stand.
 */
export function defuseCommands(text: string): string {
  return text.replace(/^([^\S\n]*):(?=:)/gm, "$1\\:").replace(/##(?=\[|vso\[)/gi, "#\\#");
}
