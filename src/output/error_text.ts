/** A failure as lines of text. */

import type { Failure } from "../errors/failure.ts";
import { codeFrame } from "./code_frame.ts";
import { escapeLine, escapeLines } from "./escape.ts";
import { redact, redactAlso } from "./redact.ts";
import type { Style } from "./style.ts";

/** Message, place, detail, hint, context, items, and what the state of the database now is. */
export function errorText(
  failure: Failure,
  options: { readonly columns: number | null; readonly style: Style },
): readonly string[] {
  const { style } = options;
  const { place, file, sqlstate, detail, hint, where, items = [], sql = [], state } = failure.details;
  const hide = redactAlso(place?.sourceLine);
  const message = sqlstate === undefined ? failure.message : `${failure.message} [${sqlstate}]`;
  return [
    ...labelled(style.red(style.bold("error")), "error", hide(message)),
    ...(place !== undefined
      ? codeFrame(place, options)
      : file !== undefined
      ? [`  --> ${escapeLine(redact(file))}`]
      : []),
    ...items.map((item) => `  - ${escapeLine(redact(item))}`),
    ...(detail === undefined ? [] : labelled(style.bold("detail"), "detail", hide(detail))),
    ...(where === undefined ? [] : labelled(style.bold("context"), "context", hide(where))),
    ...(hint === undefined ? [] : labelled(style.bold("hint"), "hint", hide(hint))),
    // As it is to be pasted; of a table whose name holds a line end, only the first line stands at the margin.
    ...sql.flatMap((statement) => escapeLines(redact(statement)).map((line) => `    ${line}`)),
    // It names files, and stands at the margin: a name with a line end must not begin a line there.
    ...(state === undefined ? [] : [escapeLine(redact(state))]),
  ];
}

/**
 * `label: first line`, and further lines under it behind a bar: text of several lines cannot pass for lines of ours.
 * @param shown the label with its colours
 */
export function labelled(shown: string, label: string, text: string): readonly string[] {
  const [first = "", ...rest] = escapeLines(redact(text));
  return [`${shown}: ${first}`, ...rest.map((line) => `${" ".repeat(label.length)}| ${line}`)];
}
