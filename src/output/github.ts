/** Events as the text for people, and as GitHub workflow commands, which put findings at their line in a pull request. */

import type { Failure } from "../errors/failure.ts";
import type { Event, Finding, MigrationListed, Result, StatementJudged } from "../events.ts";
import { defuseMarkers, replaceUnsafe } from "./escape.ts";
import { humanRenderer, isNotable } from "./human.ts";
import { editSentence, unfinishedSentence } from "./listing.ts";
import { ProofText } from "./proof_text.ts";
import { redact, redactAlso } from "./redact.ts";
import { rulePage } from "./rule_page.ts";
import type { Renderer, RenderOptions } from "./renderer.ts";

interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly endLine?: number;
  readonly column?: number | undefined;
  /** The last column, as GitHub counts it: that of the last character. */
  readonly endColumn?: number;
  readonly title: string;
  readonly message: string;
}

export function githubRenderer(options: RenderOptions): Renderer {
  const human = humanRenderer({ ...options, live: false }, new ProofText(options));
  const listed: MigrationListed[] = [];
  return (event) => {
    if (event.event === "migration") listed.push(event);
    const annotations = event.event === "result"
      ? listed.filter(isNotable).flatMap((one) => ofMigration(one, { result: event, migrations: options.migrations }))
      : ofEvent(event, options);
    return [
      ...human(event),
      ...annotations.map((one) => ({ stream: "stdout", text: toCommand(one) + "\n" } as const)),
    ];
  };
}

function ofEvent(event: Event, { quiet, migrations }: RenderOptions): readonly Annotation[] {
  if (event.event === "error") return [ofFailure(event.failure)];
  if (event.event === "finding") return [ofFinding(event)];
  if (event.event === "statement" && event.verdict === "dangerous") return [ofStatement(event)];
  if (quiet) return [];
  if (event.event === "warning") {
    const message = [event.message, event.hint ?? ""].join("\n");
    return [{ level: "warning", file: event.file, title: `pgmigrate: ${event.code}`, message }];
  }
  if (event.event === "migration_checked" && event.line !== null) {
    const { name, line, reason } = event;
    const message = `${name} is inconclusive: ${reason}`;
    return [{ level: "warning", file: pathOf(name, migrations), line, title: "pgmigrate: inconclusive", message }];
  }
  if (event.event === "notice" && event.severity === "WARNING") {
    const file = event.name === undefined ? undefined : pathOf(event.name, migrations);
    return [{ level: "warning", file, title: "pgmigrate: warning of the server", message: event.message }];
  }
  return [];
}

function ofStatement({ span, statement, reason }: StatementJudged): Annotation {
  const { file, line, column } = span;
  return { level: "warning", file, line, column, title: `pgmigrate: dangerous ${statement}`, message: redact(reason) };
}

function ofFailure({ code, message, details }: Failure): Annotation {
  const { place, file, sqlstate, detail, hint, items = [], state } = details;
  const parts = [sqlstate === undefined ? message : `${message} [${sqlstate}]`, ...items, detail, hint, state];
  return {
    level: "error",
    file: place?.file ?? file,
    line: place?.line,
    column: place?.column,
    title: `pgmigrate: ${code}`,
    message: redactAlso(place?.sourceLine)(parts.filter((part) => part !== undefined).join("\n")),
  };
}

function ofFinding({ rule, severity, span, message, safeForm }: Finding): Annotation {
  const { file, line, column, endLine, endColumn } = span;
  return {
    level: severity === "info" ? "notice" : severity,
    ...{ file, line, endLine, column },
    // Of several lines, GitHub takes no columns.
    ...endLine === line ? { endColumn: Math.max(column, endColumn - 1) } : {},
    title: `pgmigrate: ${rule}`,
    message: [message, ...safeForm === null ? [] : ["Instead:", safeForm], `More: ${rulePage(rule)}`].join("\n"),
  };
}

/** A migration that is not as it should be: an error where the command failed for it, and a warning where it did not. */
function ofMigration(
  { name, state, edit, renamedFrom, unfinished }: MigrationListed,
  { result, migrations }: { readonly result: Result; readonly migrations: string },
): readonly Annotation[] {
  const level = result.ok ? "warning" : "error";
  const file = pathOf(name, migrations);
  switch (state) {
    case "edited": {
      const message = `${name} was edited after it was applied: ${editSentence(edit)}`;
      return [{ level, file, title: "pgmigrate: edited", message }];
    }
    case "missing":
      return [{ level, title: "pgmigrate: missing", message: `${name} was applied, and its file is missing` }];
    case "out_of_order":
      return [{ level, file, title: "pgmigrate: out of order", message: `${name} is older than what was applied` }];
    case "unfinished": {
      const far = unfinished === undefined ? "" : `: ${unfinishedSentence(unfinished)}`;
      const line = unfinished?.line ?? undefined;
      return [{ level, file, line, title: "pgmigrate: unfinished", message: `${name} began and did not end${far}` }];
    }
    case "unrecorded":
      return [{ level, file, title: "pgmigrate: unrecorded", message: `${name} was applied without a checksum` }];
    default:
      return renamedFrom === undefined
        ? []
        : [{ level: "warning", file, title: "pgmigrate: renamed", message: `${name} was applied as ${renamedFrom}` }];
  }
}

/** The path of a migration. GitHub wants paths from the root of the repository with `/`. */
export function pathOf(name: string, migrations: string): string {
  return `${migrations.replace(/[\\/]+$/, "")}/${name}`;
}

function toCommand({ level, file, line, endLine, column, endColumn, title, message }: Annotation): string {
  const properties = [
    ["file", file === undefined ? undefined : redact(file.replace(/^\.\//, ""))],
    ["line", line],
    ["endLine", endLine],
    ["col", column],
    ["endColumn", endColumn],
    ["title", title],
  ] as const;
  const shown = properties.filter(([, value]) => value !== undefined).map(([key, value]) =>
    `${key}=${escapeData(String(value)).replaceAll(":", "%3A").replaceAll(",", "%2C")}`
  );
  return `::${level} ${shown.join(",")}::${escapeData(redact(message).trim())}`;
}

/** As the runner reads them back (actions/toolkit, `command.ts`); other control characters have no place in a log. */
function escapeData(text: string): string {
  const encoded = text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  return defuseMarkers(replaceUnsafe(encoded, (character) => character === "\t" ? character : "\ufffd"));
}
