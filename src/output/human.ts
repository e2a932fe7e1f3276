/** Events as text for people: the answer on stdout; progress, notices and errors on stderr. */

import type { Failure } from "../errors.ts";
import type { Event, MigrationListed, MigrationStarted, Result, ServerNotice, Warning } from "../events.ts";
import { statusClosing, upClosing, verifyClosing } from "./closing.ts";
import { errorText, labelled } from "./error_text.ts";
import { defuseCommands, escapeLine } from "./escape.ts";
import { restoredLine, statusLines, verifyLines } from "./listing.ts";
import { finalLine, liveLine, nameWidth, plannedLine } from "./progress.ts";
import { redact } from "./redact.ts";
import type { Renderer, RenderOptions, Write } from "./renderer.ts";
import { style } from "./style.ts";

/** Assumed where a terminal does not tell its width. */
const DEFAULT_TERMINAL_COLUMNS = 80;

/** To the first column, and clear what stands in the line. */
const ERASE_LINE = "\r\x1b[K";

export function humanRenderer(options: RenderOptions): Renderer {
  const { quiet, verbose, columns } = options;
  const out = style(options.color.stdout);
  const err = style(options.color.stderr);
  let width = 0;
  let planned = 0;
  let wroteAbove = false;
  let running: MigrationStarted | null = null;
  let listed: MigrationListed[] = [];

  function render(event: Event): readonly Write[] {
    switch (event.event) {
      case "run_started":
        width = nameWidth(event);
        return [];
      case "migration_started":
        running = event;
        return [];
      case "migration_applied":
      case "migration_failed":
        running = null;
        wroteAbove = !quiet;
        return quiet ? [] : stderr(finalLine(event, { width, style: err }));
      case "migration_planned":
        planned++;
        return stdout(plannedLine(event));
      case "migration":
        listed.push(event);
        return [];
      case "notice":
        return quiet ? [] : stderr(...noticeLines(event));
      case "warning":
        return quiet ? [] : stderr(...warningLines(event));
      case "waiting":
        return quiet ? [] : stderr(...labelled(err.yellow("waiting"), "waiting", event.message));
      case "detail":
        return verbose ? stderr(...labelled(err.dim("note"), "note", event.message)) : [];
      case "error":
        running = null;
        return [...closeList(null), ...errorLines(event.failure)];
      case "result":
        return [...closeList(event), ...resultLines(event)];
    }
  }

  /** An empty line sets an error off from progress and from the error before it. */
  function errorLines(failure: Failure): readonly Write[] {
    const lines = errorText(failure, { columns, style: err });
    const space = wroteAbove ? [""] : [];
    wroteAbove = true;
    return stderr(...space, ...lines);
  }

  /** The list can be laid out only when it is whole. */
  function closeList(result: Result | null): readonly Write[] {
    const migrations = listed;
    listed = [];
    if (result?.command === "verify") {
      const notable = migrations.filter((one) => verbose || isNotable(one));
      return stdout(...notable.flatMap((one) => verifyLines(one, out)));
    }
    return stdout(...statusLines(quiet ? migrations.filter((one) => one.state !== "applied") : migrations, out));
  }

  function resultLines({ answer, ok }: Result): readonly Write[] {
    switch (answer?.command) {
      case undefined:
        return [];
      case "up":
        // Where a run failed, the error said how far it came.
        return ok ? stdout(upClosing(answer, planned)) : [];
      case "status":
        return stdout(statusClosing(answer));
      case "verify":
        return stdout(...answer.restored.map((file) => restoredLine(file, out)), ...verifyClosing(answer));
      case "new":
        return stdout(escapeLine(answer.file));
    }
  }

  function noticeLines(notice: ServerNotice): readonly string[] {
    const severity = escapeLine(notice.severity.toLowerCase());
    const origin = notice.name === undefined ? "" : `${notice.name}: `;
    const shown = notice.severity === "WARNING" ? err.yellow(severity) : err.dim(severity);
    return [
      ...labelled(shown, severity, origin + notice.message),
      ...(notice.detail === undefined ? [] : labelled("detail", "detail", notice.detail)),
      ...(notice.hint === undefined ? [] : labelled("hint", "hint", notice.hint)),
    ];
  }

  function warningLines({ message, hint, file }: Warning): readonly string[] {
    return [
      ...labelled(err.yellow("warning"), "warning", message),
      ...(file === undefined ? [] : [`  --> ${escapeLine(redact(file))}`]),
      ...(hint === undefined ? [] : labelled("hint", "hint", hint)),
    ];
  }

  if (!options.live || quiet) return render;
  const liveColumns = columns ?? DEFAULT_TERMINAL_COLUMNS;
  return (event) => {
    const before = running;
    const writes = render(event);
    // The live line is taken away before anything else is written, and written again after it.
    if (writes.length === 0 && before === running) return writes;
    return [
      ...(before === null ? [] : [{ stream: "stderr", text: ERASE_LINE } as const]),
      ...writes,
      ...(running === null
        ? []
        : [{ stream: "stderr", text: defuseCommands(liveLine(running, liveColumns)) } as const]),
    ];
  };
}

/** What `verify` lists: everything but what is as it should be. */
export function isNotable(migration: MigrationListed): boolean {
  return (migration.state !== "applied" && migration.state !== "pending") || migration.renamedFrom !== undefined;
}

function stdout(...lines: readonly string[]): readonly Write[] {
  return toWrites("stdout", lines);
}

function stderr(...lines: readonly string[]): readonly Write[] {
  return toWrites("stderr", lines);
}

function toWrites(stream: Write["stream"], lines: readonly string[]): readonly Write[] {
  return lines.length === 0 ? [] : [{ stream, text: defuseCommands(lines.join("\n") + "\n") }];
}
