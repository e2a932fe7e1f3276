/** What `lint` and `check` find, as text for people. */

import type { Finding, LintResult, Severity } from "../events.ts";
import { codeFrame } from "./code_frame.ts";
import { escapeLine, escapeSourceLine } from "./escape.ts";
import { redact } from "./redact.ts";
import { rulePage } from "./rule_page.ts";
import type { Style } from "./style.ts";
import { wrapTo } from "./width.ts";
import { count, list } from "./wording.ts";

/** Wider lines are hard to read, however wide the terminal is. */
const WIDEST = 100;

const LINE_END = /\r\n|\n|\r/;

interface Looks {
  /** Width of the terminal; null where there is none. */
  readonly columns: number | null;
  readonly style: Style;
}

/** What is wrong, where, why it hurts, what to write instead, and where more of it stands. */
export function findingLines(
  { rule, severity, span, message, safeForm }: Finding,
  looks: Looks & {
    /** The finding that was shown before it has the same safe form. */
    readonly isAsAbove?: boolean;
  },
): readonly string[] {
  const { style, columns } = looks;
  const paint = paintOf(severity, style);
  const label = `${severity}[${rule}]`;
  const text = `${label}: ${escapeLine(redact(message))}`;
  const [first = "", ...rest] = columns === null ? [text] : wrapTo(text, Math.min(columns, WIDEST) - 2);
  const endColumn = span.endLine === span.line ? span.endColumn : Array.from(span.sourceLine.trimEnd()).length + 1;
  return [
    `${paint(style.bold(first.slice(0, label.length)))}${first.slice(label.length)}`,
    ...rest.map((line) => `  ${line}`),
    ...codeFrame({ ...span, endColumn }, { columns, style, paint }),
    ...safeForm === null ? [] : looks.isAsAbove ? [`${style.bold("instead")}: as above`] : [
      `${style.bold("instead")}:`,
      ...redact(safeForm).trimEnd().split(LINE_END).map((line) => `    ${escapeSourceLine(line)}`.trimEnd()),
    ],
    `${style.bold("more")}: ${rulePage(rule)}`,
    "",
  ];
}

function paintOf(severity: Severity, style: Style): (text: string) => string {
  return { error: style.red, warning: style.yellow, info: style.green }[severity];
}

/** `2 errors and 1 warning in 12 files.`, and what was done about them or can be. */
export function lintClosing(answer: LintResult): readonly string[] {
  const { files, findings, unreadable, fixable, fixed, mended } = answer;
  const unread = unreadable === 0 ? [] : [`${count(unreadable, "file")} could not be linted.`];
  const fix = fixable === 0 ? [] : [
    `pgmigrate lint --fix writes ${safeForms(answer)}; leave files alone that were applied.`,
  ];
  return [
    ...fixed.map((file) => `wrote  ${escapeLine(redact(file))}`),
    ...mended === 0 ? [] : [`Fixed ${count(mended, "finding")}.`],
    [`${findingsPhrase(findings)} in ${count(files, "file")}.`, ...unread, ...fix].join(" "),
  ];
}

function safeForms({ fixable, findings: { error, warning, info } }: LintResult): string {
  if (fixable === 1 && error + warning + info === 1) return "its safe form";
  return `the safe form of ${fixable === 1 ? "one" : fixable} of them`;
}

/** `2 errors, 1 warning and 3 notes`, or `No findings`. */
export function findingsPhrase({ error, warning, info }: Readonly<Record<Severity, number>>): string {
  const parts = ([[error, "error"], [warning, "warning"], [info, "note"]] as const)
    .filter(([number]) => number > 0).map(([number, noun]) => count(number, noun));
  return parts.length === 0 ? "No findings" : list(parts);
}
