/** How many columns of a terminal a text takes. */

/** What takes no column of its own: combining marks, joiners, variation selectors. */
const ZERO = String.raw`^[\p{Mn}\p{Me}\p{Cf}]$`;

/** What takes two: emoji, and the wide and full-width ranges of Unicode's EastAsianWidth.txt. */
const WIDE =
  "^[\\p{Emoji_Presentation}\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\u4dbf\\u4e00-\\ua4cf\\ua960-\\ua97c\\uac00-\\ud7a3" +
  "\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff01-\\uff60\\uffe0-\\uffe6\\u{17000}-\\u{18cff}\\u{1b000}-\\u{1b2ff}" +
  "\\u{20000}-\\u{3fffd}]$";

/** Made for the first character that is not plain: V8 takes its time for these classes, and most runs show plain text. */
let classes: { readonly zero: RegExp; readonly wide: RegExp } | null = null;

/** @param character one code point */
export function characterWidth(character: string): 0 | 1 | 2 {
  if (character >= " " && character <= "~") return 1;
  classes ??= { zero: new RegExp(ZERO, "u"), wide: new RegExp(WIDE, "u") };
  return classes.zero.test(character) ? 0 : classes.wide.test(character) ? 2 : 1;
}

export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** The text with spaces after it, up to a width. */
export function padTo(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

/** The text, or as much of its beginning as fits with an ellipsis after it. */
export function cutTo(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = "";
  let used = 1;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width) break;
    kept += character;
  }
  return kept + "…";
}

/** The text as lines that fit, broken between words where that is possible. */
export function wrapTo(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const word of text.split(" ").flatMap((word) => pieces(word, width))) {
    const taken = textWidth(word);
    if (used > 0 && used + 1 + taken > width) {
      lines.push(line);
      [line, used] = [word, taken];
    } else {
      [line, used] = used === 0 ? [word, taken] : [`${line} ${word}`, used + 1 + taken];
    }
  }
  return used === 0 ? lines : [...lines, line];
}

/** A word that is wider than a line, in parts that are not. */
function pieces(word: string, width: number): readonly string[] {
  if (textWidth(word) <= width) return [word];
  const parts = [""];
  for (const character of word) {
    if (textWidth(parts.at(-1)! + character) > width && parts.at(-1) !== "") parts.push("");
    parts.push(parts.pop()! + character);
  }
  return parts;
}
