/** Makes text of others (server messages, file and role names, source lines) safe to show: it cannot forge output. */

/**
 * What is never shown as it is: control characters (line ends, ANSI sequences), what turns the direction of writing, what
 * nobody can see, and halves of surrogate pairs. Joiners and variation selectors stay: scripts and emoji need them.
 */
const JOINERS = String.raw`\u034f\u17b4\u17b5\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f\u{e0100}-\u{e01ef}`;
const UNSAFE = String.raw`[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\ufff9-\ufffb]` +
  String.raw`|(?![${JOINERS}])\p{Default_Ignorable_Code_Point}`;

/** What is safe at a glance. */
const PLAIN = /^[ -~]*$/;

/** Made for the first text that is not plain: V8 takes a millisecond for these classes, and most runs show plain text. */
let unsafe: RegExp | null = null;

/** The text with each unsafe character replaced. */
export function replaceUnsafe(text: string, replace: (character: string) => string): string {
  if (PLAIN.test(text)) return text;
  unsafe ??= new RegExp(UNSAFE, "gu");
  return text.replace(unsafe, replace);
}

const NAMES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line: whatever is unsafe is shown as `\n`, `\t` or `\u{1b}`. */
export function escapeLine(text: string): string {
  return replaceUnsafe(
    text,
    (character) => NAMES[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** One line in which tabs stay: source lines, where the caret under them must stand right. */
export function escapeSourceLine(text: string): string {
  return text.split("\t").map(escapeLine).join("\t");
}

/** The lines of a text of several, each made safe; empty ones at the end are dropped. */
export function escapeLines(text: string): readonly string[] {
  return text.trimEnd().split(/\r\n|\n|\r/).map((line) => escapeLine(line.replaceAll("\t", "  ")));
}

/**
 * Text in which no line is a command to a CI server that reads the log: GitHub takes lines that begin with `::`, and
 * `##[`, `##vso[` (Azure) and `##teamcity[` wherever they stand.
 */
export function defuseCommands(text: string): string {
  return defuseMarkers(text.replace(/^([^\S\n]*):(?=:)/gm, "$1\\:"));
}

/** The part of it that is about `##`, which counts wherever it stands in a line. */
export function defuseMarkers(text: string, second = "\\#"): string {
  return text.replace(/##(?=(?:vso|teamcity)?\[)/gi, () => `#${second}`);
}
