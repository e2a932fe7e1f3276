/** Events as JSON, one object a line, all of them on stdout. Keys are snake_case; versions are strings. */

import {
  type Event,
  type MigrationListed,
  type Result,
  type StatementProgress,
  STATES,
  type VersionsByState,
} from "../events.ts";
import type { Failure } from "../errors/failure.ts";
import { defuseMarkers, replaceUnsafe } from "./escape.ts";
import { finding, migrationChecked, proofAnswer, statementJudged } from "./proof_json.ts";
import { redact, redactAlso, redactLine } from "./redact.ts";
import type { Renderer } from "./renderer.ts";
import { retrying, waiting } from "./wait_json.ts";

/** Keys whose value is undefined are left out. */
type Fields = Readonly<Record<string, unknown>>;

export function jsonRenderer({ verbose }: { readonly verbose: boolean }): Renderer {
  let shown: StatementProgress | null = null;
  return (event) => {
    if (event.event === "detail" && !verbose) return [];
    if (event.event === "waiting" && "wait" in event && event.again) return [];
    if (event.event === "progress") {
      if (!saysMore(event, shown)) return [];
      shown = event;
    }
    return [{ stream: "stdout", text: toLine({ event: event.event, ...fields(event) }) + "\n" }];
  };
}

/** An hour of progress must not be an hour of lines: a step of a per cent is one, and ten seconds are. */
const QUIET_MS = 10_000;

function saysMore(event: StatementProgress, shown: StatementProgress | null): boolean {
  if (shown === null || shown.version !== event.version || shown.phase !== event.phase) return true;
  return Math.floor(shown.percent ?? 0) !== Math.floor(event.percent ?? 0) ||
    event.elapsedMs - shown.elapsedMs >= QUIET_MS;
}

/** Characters that a terminal would act on, and `##[`, which a CI server may, are written as escapes: the same string. */
export function toLine(value: Fields): string {
  const json = JSON.stringify(value, (_, field) => typeof field === "bigint" ? String(field) : field);
  return defuseMarkers(replaceUnsafe(json, unicodeEscape), "\\u0023");
}

function unicodeEscape(character: string): string {
  return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}

function fields(event: Event): Fields {
  switch (event.event) {
    case "run_started":
      return { versions: event.migrations.map((migration) => migration.version), version: event.version };
    case "migration_started":
      return step(event);
    case "migration_applied":
    case "migration_failed":
      return { ...step(event), duration_ms: Math.round(event.durationMs) };
    case "migration_planned":
      return { ...step(event), transactional: event.transactional, from_statement: event.fromStatement };
    case "migration_resumed":
      return { version: event.version, name: event.name, message: redact(event.message) };
    case "migration_marked":
      return { version: event.version, name: event.name };
    case "migration":
      return listed(event);
    case "notice":
      return {
        severity: event.severity,
        message: redact(event.message),
        detail: redacted(event.detail),
        hint: redacted(event.hint),
        version: event.version,
        name: event.name,
      };
    case "warning":
      return {
        code: event.code,
        message: redact(event.message),
        hint: redacted(event.hint),
        file: redacted(event.file),
      };
    case "waiting":
      return "wait" in event ? waiting(event) : { for: event.for, message: redact(event.message) };
    case "waiting_ended":
      return { version: event.version, name: event.name };
    case "retrying":
      return retrying(event);
    case "progress":
      return {
        version: event.version,
        name: event.name,
        command: event.command,
        phase: event.phase,
        percent: event.percent,
        seconds_left: event.secondsLeft,
        rows: event.rows ?? undefined,
      };
    case "finding":
      return finding(event);
    case "migration_checked":
      return migrationChecked(event);
    case "statement":
      return statementJudged(event);
    case "note":
    case "detail":
      return { message: redact(event.message) };
    case "error":
      return failed(event.failure);
    case "result":
      return { command: event.command, ok: event.ok, exit_code: event.exitCode, ...answer(event.answer) };
  }
}

function step(
  event: { readonly version: bigint; readonly name: string; readonly index: number; total: number },
): Fields {
  return { version: event.version, name: event.name, index: event.index, total: event.total };
}

function listed(event: MigrationListed): Fields {
  return {
    version: event.version,
    name: event.name,
    state: event.state,
    applied_at: event.appliedAt?.toISOString() ?? null,
    checksum: event.checksum,
    renamed_from: event.renamedFrom,
    edit: event.edit &&
      { ...event.edit, lines: event.edit.lines.map(({ kind, text }) => ({ kind, text: redact(text) })) },
    ...unfinished(event.unfinished),
  };
}

function unfinished(of: MigrationListed["unfinished"]): Fields {
  if (of === undefined) return {};
  return {
    started_at: of.startedAt.toISOString(),
    statements_done: of.statementsDone,
    statements_total: of.statementsTotal,
    line: of.line,
    failure: of.failure === null ? null : redact(of.failure),
    pid: of.pid,
  };
}

/** A longer source line is left out: a file may be one line of a gigabyte. */
const LONGEST_SOURCE_LINE = 10_000;

function failed({ code, message, details }: Failure): Fields {
  const { place, file, sqlstate, detail, hint, where, items, sql, state } = details;
  const hide = redactAlso(place?.sourceLine);
  const hidden = (text: string | undefined) => text === undefined ? undefined : hide(text);
  const showsLine = place !== undefined && place.sourceLine.length <= LONGEST_SOURCE_LINE;
  return {
    code,
    message: hide(message),
    file: redacted(place?.file ?? file),
    line: place?.line,
    column: place?.column,
    source_line: showsLine ? redactLine(place.sourceLine) : undefined,
    sqlstate,
    detail: hidden(detail),
    hint: hidden(hint),
    where: hidden(where),
    items: items?.map(redact),
    sql: sql?.map(redact),
    state: redacted(state),
  };
}

function redacted(text: string | undefined): string | undefined {
  return text === undefined ? undefined : redact(text);
}

function answer(answer: Result["answer"]): Fields {
  if (answer === null) return {};
  switch (answer.command) {
    case "up":
      return {
        applied: answer.applied,
        pending: answer.pending,
        marked_applied: answer.marked.length === 0 ? undefined : answer.marked,
        version: answer.version,
        duration_ms: Math.round(answer.durationMs),
        dry_run: answer.dryRun,
      };
    case "status":
      return { version: answer.version, ...byState(answer.versions) };
    case "verify":
      return {
        state_digest: answer.stateDigest,
        recorded: answer.recorded,
        restored: answer.restored,
        restorable: answer.restorable,
        ...byState(answer.versions),
      };
    case "new":
      return { file: answer.file };
    default:
      return proofAnswer(answer);
  }
}

function byState(versions: VersionsByState): Fields {
  return Object.fromEntries(STATES.map((state) => [state, versions[state]]));
}
