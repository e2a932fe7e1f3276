/** `lint` and `check` as one document of SARIF 2.1.0, which services for code scanning take; all else as for people. */

import { createHash } from "node:crypto";
import type { Failure } from "../errors/failure.ts";
import type { Finding, MigrationChecked, Result, RuleSummary, Severity, Span } from "../events.ts";
import { pathOf } from "./github.ts";
import { humanRenderer } from "./human.ts";
import { toLine } from "./json.ts";
import { ProofText } from "./proof_text.ts";
import { redact, redactAlso, redactLine } from "./redact.ts";
import type { Renderer, RenderOptions } from "./renderer.ts";
import { rulePage } from "./rule_page.ts";

const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

const LEVELS: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  error: "error",
  warning: "warning",
  info: "note",
};

/** Something about a file, be it from a rule, from the parser, or from trying the file. */
interface Located {
  readonly ruleId: string;
  readonly level: "error" | "warning" | "note";
  readonly text: string;
  readonly file: string;
  /** null where it is about the whole file, and a line alone where no more is known. */
  readonly span: Omit<Span, "file"> | { readonly line: number } | null;
}

/** Writes the document when the command has ended, and to stderr what people want to know meanwhile. */
export function sarifRenderer(options: RenderOptions): Renderer {
  const human = humanRenderer({ ...options, live: false }, new ProofText(options));
  const located: Located[] = [];
  const unplaced: Failure[] = [];
  return (event) => {
    const aside = human(event).filter(({ stream }) => stream === "stderr");
    if (event.event === "finding") located.push(ofFinding(event));
    if (event.event === "migration_checked" && event.line !== null) located.push(ofInconclusive(event, options));
    if (event.event === "error") {
      const one = ofFailure(event.failure);
      if (one === null) unplaced.push(event.failure);
      else located.push(one);
    }
    if (event.event !== "result" || (event.command !== "lint" && event.command !== "check")) return aside;
    return [...aside, { stream: "stdout", text: toLine(document(event, { located, unplaced })) + "\n" }];
  };
}

function ofFinding({ rule, severity, message, safeForm, span }: Finding): Located {
  const instead = safeForm === null ? "" : `\n\nInstead:\n\n${redact(safeForm)}`;
  return { ruleId: rule, level: LEVELS[severity], text: redact(message) + instead, file: span.file, span };
}

/** What lies behind one that failed is not told one by one. */
function ofInconclusive({ name, reason, line }: MigrationChecked, { migrations }: RenderOptions): Located {
  const text = `${name} is inconclusive: ${redact(reason ?? "")}`;
  return { ruleId: "inconclusive", level: "note", text, file: pathOf(name, migrations), span: { line: line! } };
}

/** null for a failure that is not about what is in a file. */
function ofFailure({ code, exitCode, message, details: { place, file, hint } }: Failure): Located | null {
  const text = redactAlso(place?.sourceLine)(hint === undefined ? message : `${message}\n\n${hint}`);
  const common = { ruleId: code, level: "error", text } as const;
  if (place === undefined) return file === undefined || exitCode !== 7 ? null : { ...common, file, span: null };
  return { ...common, file: place.file, span: { ...place, endLine: place.line, endColumn: place.column + 1 } };
}

function document(
  { answer, exitCode }: Result,
  { located, unplaced }: { readonly located: readonly Located[]; readonly unplaced: readonly Failure[] },
) {
  const rules = rulesOf(answer, located);
  const ids = rules.map(({ id }) => id);
  const seen = new Map<string, number>();
  return {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [{
      tool: { driver: { name: "pgmigrate", rules } },
      columnKind: "unicodeCodePoints",
      invocations: [{
        executionSuccessful: exitCode === 0 || exitCode === 7,
        exitCode,
        toolExecutionNotifications: unplaced.map(({ code, message }) => (
          { level: "error", message: { text: redact(message) }, descriptor: { id: code } }
        )),
      }],
      results: located.map((one) => result(one, { ruleIndex: ids.indexOf(one.ruleId), seen })),
    }],
  };
}

/** The rules that were applied, and what else was found: the codes of errors. */
function rulesOf(answer: Result["answer"], located: readonly Located[]) {
  const applied = answer?.command === "lint" || answer?.command === "check" ? answer.rules : [];
  const others = new Set(located.map(({ ruleId }) => ruleId).filter((id) => applied.every((rule) => rule.id !== id)));
  return [
    ...applied.map(describe),
    ...[...others].map((id) => ({ id, shortDescription: { text: id.replaceAll("-", " ") } })),
  ];
}

function describe({ id, severity, fires, why, instead, source }: RuleSummary) {
  const page = rulePage(id);
  return {
    id,
    shortDescription: { text: fires },
    fullDescription: { text: why },
    help: {
      text: `${why}\n\n${instead}\n\nMore: ${page}`,
      markdown: `${why}\n\n**Instead:** ${instead}\n\nMore: \`${page}\``,
    },
    // An absolute URI, as the standard wants it, which the page of a project without a public address has not.
    helpUri: source,
    defaultConfiguration: { level: LEVELS[severity] },
  };
}

function result({ ruleId, level, text, file, span }: Located, { ruleIndex, seen }: {
  readonly ruleIndex: number;
  readonly seen: Map<string, number>;
}) {
  const same = JSON.stringify([ruleId, file, span !== null && "sourceLine" in span ? lineOf(span).trim() : text]);
  const nth = (seen.get(same) ?? 0) + 1;
  seen.set(same, nth);
  return {
    ruleId,
    ruleIndex,
    level,
    message: { text },
    locations: [{
      physicalLocation: {
        artifactLocation: location(redact(file)),
        ...span === null ? {} : { region: region(span) },
      },
    }],
    // It stays the same when lines come or go above it.
    partialFingerprints: { "pgmigrate/v1": createHash("sha256").update(`${same}${nth}`).digest("hex") },
  };
}

function region(span: NonNullable<Located["span"]>) {
  if (!("sourceLine" in span)) return { startLine: span.line };
  const { line, column, endLine, endColumn } = span;
  return { startLine: line, startColumn: column, endLine, endColumn, snippet: { text: lineOf(span) } };
}

function lineOf({ sourceLine }: Pick<Span, "sourceLine">): string {
  return redactLine(sourceLine);
}

/** A relative path is one from the root of the repository. */
function location(path: string) {
  const segments = path.replaceAll("\\", "/").replace(/^(\.\/)+/, "").split("/").map(encodeURIComponent);
  const uri = segments.join("/");
  if (/^[A-Za-z]%3A\//.test(uri)) return { uri: `file:///${uri.replace("%3A", ":")}` };
  return uri.startsWith("/") ? { uri: `file://${uri}` } : { uri, uriBaseId: "%SRCROOT%" };
}
