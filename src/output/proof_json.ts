/** What `lint`, `check`, `plan` and `rehearse` find, as JSON. */

import type {
  CheckResult,
  Finding,
  LintResult,
  MigrationChecked,
  PlanResult,
  RehearseResult,
  StatementJudged,
} from "../events.ts";
import { redact } from "./redact.ts";

type Fields = Readonly<Record<string, unknown>>;

export function finding({ rule, severity, span, message, safeForm }: Finding): Fields {
  return {
    rule,
    severity,
    file: redact(span.file),
    line: span.line,
    column: span.column,
    end_line: span.endLine,
    end_column: span.endColumn,
    message: redact(message),
    safe_form: safeForm === null ? null : redact(safeForm),
  };
}

export function migrationChecked({ version, name, state, reason, line }: MigrationChecked): Fields {
  // Other commands list migrations under the same name, each with the states that it tells apart.
  const why = reason === null ? undefined : redact(reason);
  return { event: "migration", version, name, state, reason: why, line: line ?? undefined };
}

export function statementJudged(event: StatementJudged): Fields {
  const { span, measured } = event;
  return {
    version: event.version,
    name: event.name,
    file: redact(span.file),
    line: span.line,
    column: span.column,
    end_line: span.endLine,
    end_column: span.endColumn,
    statement: event.statement,
    verdict: event.verdict,
    reason: redact(event.reason),
    // By name: nothing else orders what was measured, and what was predicted is to be compared with it.
    locks: event.locks.toSorted((one, other) => compare(one.relation, other.relation) || compare(one.mode, other.mode)),
    scans: event.scans.toSorted(compare),
    rewrites: event.rewrites.toSorted(compare),
    unknown: event.unknown !== null,
    unknown_reason: event.unknown === null ? undefined : redact(event.unknown),
    relations: event.relations.map((one) => ({ ...one, users: one.users.map(redact) })),
    duration_ms: thousandths(measured?.durationMs),
    wait_ms: thousandths(measured?.waitMs),
    wal_bytes: measured?.walBytes,
    rows: measured?.rows,
  };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function proofAnswer(answer: LintResult | CheckResult | PlanResult | RehearseResult): Fields {
  switch (answer.command) {
    case "lint":
      return {
        files: answer.files,
        unreadable: answer.unreadable,
        findings: answer.findings,
        fixable: answer.fixable,
        mended: answer.mended,
        fixed: answer.fixed.map(redact),
      };
    case "check":
      return {
        ...answer.versions,
        linted: answer.linted,
        findings: answer.findings,
        postgres_version: answer.postgresVersion,
        embedded: answer.embedded,
        sums: answer.sums === null ? undefined : redact(answer.sums),
        duration_ms: Math.round(answer.durationMs),
      };
    case "plan":
      return { pending: answer.pending, verdicts: answer.verdicts, blocked: answer.blocked };
    case "rehearse":
      return {
        rehearsed: answer.rehearsed,
        pending: answer.pending,
        verdicts: answer.verdicts,
        duration_ms: Math.round(answer.durationMs),
        blocked: answer.blocked.map(({ version, name, relation, mode, blocks, fromMs, untilMs, queueMs }) => ({
          ...{ version, name, relation, mode, blocks },
          duration_ms: thousandths(untilMs - fromMs),
          queue_ms: thousandths(queueMs),
        })),
        report: answer.report === null ? undefined : redact(answer.report),
      };
  }
}

/** Most statements take less than a millisecond; less than a thousandth of one is noise. */
function thousandths(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1000) / 1000;
}
