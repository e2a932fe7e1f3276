import { tokens } from "../sql/tokens.ts";

/** The index behind the `;` of a statement that ends at an index; the index itself for a last one without. */
export function behindSemicolon(text: string, end: number): number {
  for (const { kind, end: behind } of tokens(text, { start: end, end: text.length })) {
    if (kind === "comment") continue;
    return kind === "sign" && text[behind - 1] === ";" ? behind : end;
  }
  return end;
}
