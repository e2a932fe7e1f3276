/** Events as JSON, one object a line, all of them on stdout. Keys are snake_case; versions are strings. */

import { type Event, type MigrationListed, type Result, STATES, type VersionsByState } from "../events.ts";
import type { Failure } from "../errors.ts";
import { redact } from "./redact.ts";
import type { Renderer } from "./renderer.ts";

/** Keys whose value is undefined are left out. */
type Fields = Readonly<Record<string, unknown>>;

export function jsonRenderer({ verbose }: { readonly verbose: boolean }): Renderer {
  return (event) => {
    if (event.event === "detail" && !verbose) return [];
    return [{ stream: "stdout", text: toLine({ event: event.event, ...fields(event) }) + "\n" }];
  };
}

/** Characters that a terminal would act on, and `##[`, which a CI server may, are written as escapes: the same string. */
function toLine(value: Fields): string {
  return JSON.stringify(value, (_, field) => typeof field === "bigint" ? String(field) : field)
    .replace(/[\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, unicodeEscape)
    .replace(/##(?=\[|vso\[)/gi, "#\\u0023");
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
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
      return { ...step(event), transactional: event.transactional };
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
      return { for: event.for, message: redact(event.message) };
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
    edit: event.edit,
    statements_done: event.statementsDone,
  };
}

function failed({ code, message, details }: Failure): Fields {
  const { place, file, sqlstate, detail, hint, where, items, sql, state } = details;
  return {
    code,
    message: redact(message),
    file: redacted(place?.file ?? file),
    line: place?.line,
    column: place?.column,
    source_line: place?.sourceLine,
    sqlstate,
    detail: redacted(detail),
    hint: redacted(hint),
    where: redacted(where),
    items: items?.map(redact),
    sql: sql?.map(redact),
    state: redacted(state),
  };
}

function redacted(text: string | undefined): string | undefined {
  return text === undefined ? undefined : redact(text);
}

function answer(answer: Result["answer"]): Fields {
  switch (answer?.command) {
    case undefined:
      return {};
    case "up":
      return {
        applied: answer.applied,
        pending: answer.pending,
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
        ...byState(answer.versions),
      };
    case "new":
      return { file: answer.file };
  }
}

function byState(versions: VersionsByState): Fields {
  return Object.fromEntries(STATES.map((state) => [state, versions[state]]));
}
