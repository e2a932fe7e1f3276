/** What `lint` and `check` find, as text for people. */

import type { CheckResult, Finding, LintResult } from "../events.ts";
import { escapeLine } from "./escape.ts";
import { redact } from "./redact.ts";
import type { Style } from "./style.ts";

export function findingLines({ rule, severity, span, message, safeForm }: Finding, _style: Style): readonly string[] {
  return [
    `${severity}[${rule}]: ${escapeLine(redact(message))}`,
    `  --> ${escapeLine(redact(span.file))}:${span.line}:${span.column}`,
    ...(safeForm === null ? [] : redact(safeForm).split("\n").map((line) => `  ${escapeLine(line)}`)),
    "",
  ];
}

export function findingsClosing({ findings }: LintResult | CheckResult): readonly string[] {
  return [`${findings.error} errors, ${findings.warning} warnings, ${findings.info} notes`];
}
