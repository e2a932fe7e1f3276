import type { Constraint } from "libpg-query";
import { identifier } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import { tokens } from "../sql/tokens.ts";

export type AlterDomain = Statement & { readonly kind: "AlterDomainStmt" };

/** `CHECK (email LIKE '%@%')`: what a domain's constraint says of VALUE, said of a column. */
export function checkFor({ start, text }: AlterDomain, { location = start }: Constraint, column: string): string {
  let check = "";
  let depth = 0;
  let at = location - start;
  for (const token of tokens(text, { start: at, end: text.length })) {
    const own = text.slice(token.start, token.end);
    if (depth === 0 && check !== "" && check.endsWith(")")) break;
    const isValue = depth > 0 && token.kind === "word" && /^value$/i.test(own);
    check += text.slice(at, token.start) + (isValue ? identifier(column) : own);
    at = token.end;
    if (own === "(") depth++;
    if (own === ")") depth--;
  }
  return check.replace(/^CONSTRAINT\s+(?:"(?:[^"]|"")*"|\S+)\s+/i, "");
}
