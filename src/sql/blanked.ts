/** A text without some of its statements, in which everything else stands where it stood. */

/** Each character of the statements becomes one space, but for line ends: positions and lines stay as they were. */
export function blanked(text: string, statements: readonly { readonly start: number; readonly end: number }[]): string {
  if (statements.length === 0) return text;
  let result = "";
  let from = 0;
  for (const { start, end } of statements) {
    result += text.slice(from, start) + text.slice(start, end).replaceAll(/[^\r\n]/gu, " ");
    from = end;
  }
  return result + text.slice(from);
}
