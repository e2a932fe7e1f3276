/** What `plan` and `rehearse` say of a statement, as text for people. */

import type { PlanResult, RehearseResult, StatementJudged } from "../events.ts";
import { escapeLine } from "./escape.ts";
import { redact } from "./redact.ts";
import type { Style } from "./style.ts";

export function statementLines(event: StatementJudged, _style: Style): readonly string[] {
  return [
    `${escapeLine(redact(event.span.file))}:${event.span.line}  ${event.statement}  ${event.verdict}`,
    `  ${escapeLine(redact(event.reason))}`,
  ];
}

export function statementsClosing({ verdicts }: PlanResult | RehearseResult): readonly string[] {
  return [Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`).join(", ")];
}
