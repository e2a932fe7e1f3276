/** HTML with values in it, escaped here: names of tables and texts of statements are other people's. */

import { replaceUnsafe } from "../escape.ts";
import { redact } from "../redact.ts";

/** A piece of HTML that needs no escaping. */
export class Html {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

export type Value = string | number | Html | readonly Html[];

/** A tagged template that escapes every value that is not HTML already, and takes passwords out of it. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(String.raw({ raw: strings.map((part) => part) }, ...values.map(toText)));
}

export const NOTHING: Html = new Html("");

function toText(value: Value): string {
  if (value instanceof Html) return value.text;
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? escapeHtml(redact(value)) : value.join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** As text and in attributes. What nobody can see, or what turns the direction of writing, becomes visible. */
export function escapeHtml(text: string): string {
  return replaceUnsafe(
    text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!),
    (character) =>
      character === "\n" || character === "\t" ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
