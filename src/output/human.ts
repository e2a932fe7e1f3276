/** Events as text for people: the answer on stdout; progress, notices and errors on stderr. */

import type { Failure } from "../errors/failure.ts";
import type {
  Event,
  MigrationListed,
  MigrationStarted,
  Result,
  ServerNotice,
  StatementProgress,
  Waiting,
  WaitingForLock,
  Warning,
} from "../events.ts";
import { statusClosing, upClosing, verifyClosing } from "./closing.ts";
import { errorText, labelled } from "./error_text.ts";
import { defuseCommands, escapeLine } from "./escape.ts";
import { restoredLine, statusLines, verifyLines } from "./listing.ts";
import { finalLine, liveLines, nameWidth, plannedLine, stepLine } from "./progress.ts";
import type { ProofText } from "./proof_text.ts";
import { redact } from "./redact.ts";
import type { Renderer, RenderOptions, Write } from "./renderer.ts";
import { progressWords } from "./progress_words.ts";
import { style } from "./style.ts";

/** Assumed where a terminal does not tell its width. */
const DEFAULT_TERMINAL_COLUMNS = 80;

/** How often a statement that takes long is told of where lines cannot be written over. */
const PROGRESS_MS = 10_000;

/** @param proofs shows what lint, check, plan and rehearse find; null for other commands, which find nothing */
export function humanRenderer(options: RenderOptions, proofs: ProofText | null): Renderer {
  const { quiet, verbose, columns } = options;
  const out = style(options.color.stdout);
  const err = style(options.color.stderr);
  let width = 0;
  let planned = 0;
  let wroteAbove = false;
  let running: MigrationStarted | null = null;
  /** What the migration that runs waits for or how far it is, where that can be written over. */
  let doing: string | null = null;
  let toldMs = 0;
  let listed: MigrationListed[] = [];

  function render(event: Event): readonly Write[] {
    switch (event.event) {
      case "run_started":
        width = nameWidth(event);
        return [];
      case "migration_started":
        running = event;
        doing = null;
        toldMs = 0;
        return [];
      case "migration_applied":
      case "migration_failed":
        running = null;
        wroteAbove = !quiet;
        return quiet ? [] : stderr([finalLine(event, { width, style: err })]);
      case "migration_resumed":
        return quiet ? [] : stderr(labelled(err.dim("note"), "note", `${event.name}: ${event.message}`));
      case "migration_marked":
        return quiet ? [] : stderr(labelled(err.dim("note"), "note", `${event.name}: recorded as applied`));
      case "migration_planned":
        planned++;
        return stdout([plannedLine(event)]);
      case "migration":
        listed.push(event);
        return [];
      case "notice":
        return quiet ? [] : stderr(noticeLines(event));
      case "warning":
        return quiet ? [] : stderr(warningLines(event));
      case "waiting":
        return quiet ? [] : waitingLines(event);
      case "waiting_ended":
        doing = null;
        return [];
      case "progress":
        return quiet ? [] : progressLines(event);
      case "retrying":
        doing = null;
        return quiet ? [] : stderr(labelled(err.yellow("warning"), "warning", `${event.name}: ${event.message}`));
      case "migration_checked":
        wroteAbove = true;
        return stdout(proofs?.lines(event) ?? []);
      case "finding":
      case "statement":
        return stdout(proofs?.lines(event) ?? []);
      case "note":
        return quiet ? [] : stderr(labelled(err.dim("note"), "note", event.message));
      case "detail":
        return verbose ? stderr(labelled(err.dim("note"), "note", event.message)) : [];
      case "error":
        running = null;
        return [...closeList(null), ...stdout(proofs?.end() ?? []), ...errorLines(event.failure)];
      case "result":
        return [...closeList(event), ...stdout(proofs?.end() ?? []), ...resultLines(event)];
    }
  }

  function waitingLines(event: Waiting | WaitingForLock): readonly Write[] {
    if (!("wait" in event)) return stderr(labelled(err.yellow("waiting"), "waiting", event.message));
    return event.again && !options.live ? [] : doingLines(event.message, event.name);
  }

  function progressLines(event: StatementProgress): readonly Write[] {
    if (!options.live && event.elapsedMs - toldMs < PROGRESS_MS) return [];
    toldMs = event.elapsedMs;
    return doingLines(progressWords(event), event.name);
  }

  /** What the migration that runs does: written over on a terminal, a line of its own elsewhere. */
  function doingLines(text: string, name: string): readonly Write[] {
    if (options.live) {
      doing = text;
      return [];
    }
    wroteAbove = true;
    return stderr([stepLine({ running, name }, redact(text))]);
  }

  /** An empty line sets an error off from progress and from the error before it. */
  function errorLines(failure: Failure): readonly Write[] {
    const lines = errorText(failure, { columns, style: err });
    const space = wroteAbove ? [""] : [];
    wroteAbove = true;
    return stderr([...space, ...lines]);
  }

  /** The list can be laid out only when it is whole. */
  function closeList(result: Result | null): readonly Write[] {
    const migrations = listed;
    listed = [];
    if (result?.command === "verify") {
      const notable = migrations.filter((one) => verbose || isNotable(one));
      return stdout(notable.flatMap((one) => verifyLines(one, out)));
    }
    return stdout(statusLines(quiet ? migrations.filter((one) => one.state !== "applied") : migrations, out));
  }

  function resultLines({ answer, ok }: Result): readonly Write[] {
    if (answer === null) return [];
    switch (answer.command) {
      case "up":
        // Where a run failed, the error said how far it came.
        return ok ? stdout([upClosing(answer, planned)]) : [];
      case "status":
        return stdout([statusClosing(answer)]);
      case "verify":
        return stdout([...answer.restored.map((file) => restoredLine(file, out)), ...verifyClosing(answer)]);
      case "new":
        return stdout([escapeLine(answer.file)]);
      default:
        return stdout(proofs?.closing(answer) ?? []);
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
  let live: readonly string[] = [];
  return (event) => {
    const writes = render(event);
    const now = running === null ? [] : liveLines(running, { columns: liveColumns, doing });
    // What is live is taken away before anything else is written, and written again after it.
    if (writes.length === 0 && now.join("\n") === live.join("\n")) return writes;
    const erase = live.length === 0 ? "" : eraseLines(live.length);
    live = now;
    return [
      ...(erase === "" ? [] : [{ stream: "stderr", text: erase } as const]),
      ...writes,
      ...(now.length === 0 ? [] : [{ stream: "stderr", text: defuseCommands(now.join("\n")) } as const]),
    ];
  };
}

/** To the first column of the first of these lines, and clear what stands from there on. */
function eraseLines(count: number): string {
  return count === 1 ? "\r\x1b[K" : `\r\x1b[${count - 1}A\x1b[J`;
}

/** What `verify` lists: everything but what is as it should be. */
export function isNotable(migration: MigrationListed): boolean {
  return (migration.state !== "applied" && migration.state !== "pending") || migration.renamedFrom !== undefined;
}

function stdout(lines: readonly string[]): readonly Write[] {
  return toWrites("stdout", lines);
}

function stderr(lines: readonly string[]): readonly Write[] {
  return toWrites("stderr", lines);
}

function toWrites(stream: Write["stream"], lines: readonly string[]): readonly Write[] {
  return lines.length === 0 ? [] : [{ stream, text: defuseCommands(lines.join("\n") + "\n") }];
}
