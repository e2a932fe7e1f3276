/** What `plan` and `rehearse` say of a statement, as text for people. */

import type { PlanResult, RehearseResult, StatementJudged, TouchedRelation, Verdict } from "../events.ts";
import { escapeLine } from "./escape.ts";
import { redact } from "./redact.ts";
import type { Style } from "./style.ts";
import { padTo, wrapTo } from "./width.ts";
import { bytes, count, duration, list, rowCount } from "./wording.ts";

/** Worst first, as the closing sentence lists them. */
const VERDICTS = ["dangerous", "long", "short", "instant"] as const satisfies readonly Verdict[];

const VERDICT_COLUMNS = Math.max(...VERDICTS.map((verdict) => verdict.length));
const INDENT = "  ";

/** Text is easier to read in lines that are no longer, however wide the terminal. */
const WIDEST = 110;

/** Of what hangs on a relation, and of locks, so many are told. */
const MOST_TOLD = 4;

export interface StatementTextOptions {
  readonly style: Style;
  /** Width of the terminal; null where there is none. */
  readonly columns: number | null;
  /** It is the first of its file. */
  readonly first: boolean;
  /** Relations that were told of with an earlier statement. */
  readonly told: ReadonlySet<string>;
  /** Tell everything of what is harmless, too. */
  readonly verbose: boolean;
}

export function statementLines(event: StatementJudged, options: StatementTextOptions): readonly string[] {
  const { style, first } = options;
  const width = Math.min(options.columns ?? WIDEST, WIDEST);
  const file = first ? [style.bold(escapeLine(redact(event.span.file)))] : [];
  const verdict = paint(event.verdict, padTo(event.verdict, VERDICT_COLUMNS), style);
  const head = `${INDENT}${verdict}  line ${event.span.line}: ${escapeLine(event.statement)}${measuredWords(event)}`;
  const details = [`${sentence(event.reason)}`, ...isQuiet(event, options) ? [] : detailsOf(event, options)];
  const indent = INDENT.repeat(2);
  return [...file, head, ...details.flatMap((text) => wrapped(text, { indent, width }))];
}

/** `5 statements in 2 migrations: 1 dangerous and 4 instant. Look first at line 3 of 004_add_created_at.sql.` */
export function statementsClosing(
  { verdicts }: PlanResult | RehearseResult,
  judged: readonly Pick<StatementJudged, "name" | "span" | "verdict">[],
): readonly string[] {
  if (judged.length === 0) return ["No statement is pending."];
  const parts = VERDICTS.filter((verdict) => verdicts[verdict] > 0).map((verdict) => `${verdicts[verdict]} ${verdict}`);
  const files = new Set(judged.map(({ name }) => name)).size;
  const worst = VERDICTS.find((verdict) => verdicts[verdict] > 0);
  const where = judged.filter(({ verdict }) => verdict === worst);
  const told = worst === "instant" || worst === "short" ? "" : ` ${worstWords(where)}`;
  return [`${count(judged.length, "statement")} in ${count(files, "migration")}: ${list(parts)}.${told}`];
}

function worstWords(where: readonly Pick<StatementJudged, "name" | "span">[]): string {
  const places = where.slice(0, MOST_TOLD).map(({ name, span }) => `line ${span.line} of ${escapeLine(redact(name))}`);
  const rest = where.length - places.length;
  return `Look first at ${list([...places, ...rest === 0 ? [] : [`${rest} more`]])}.`;
}

/** What needs no second look gets its reason, and no more. */
export function isQuiet(
  { verdict, relations, unknown }: StatementJudged,
  { verbose }: Pick<StatementTextOptions, "verbose">,
): boolean {
  const isFree = relations.every(({ users }) => users.every((user) => !/^(pid|prepared transaction) /.test(user)));
  return !verbose && verdict === "instant" && unknown === null && isFree;
}

function detailsOf(
  { locks, relations, unknown, reason }: StatementJudged,
  { told }: Pick<StatementTextOptions, "told">,
): readonly string[] {
  return [
    ...unknown === null || reason.startsWith(unknown) ? [] : [`Not known: ${lower(unknown)}.`],
    ...locks.length === 0 ? [] : [`Takes ${list(locksByMode(locks))}.`],
    ...relations.filter(({ relation }) => !told.has(relation)).flatMap(relationLines),
  ];
}

function locksByMode(locks: StatementJudged["locks"]): readonly string[] {
  return [...Map.groupBy(locks, ({ mode }) => mode)].map(([mode, all]) => {
    const shown = all.slice(0, MOST_TOLD).map(({ relation }) => relation);
    const rest = all.length - shown.length;
    return `${mode} on ${list([...shown, ...rest > 0 ? [`${rest} more`] : []])}`;
  });
}

function relationLines({ relation, rows, bytes: size, dependents, users }: TouchedRelation): readonly string[] {
  const sizes = [
    ...rows === null ? [] : [rowCount(rows)],
    ...size === null ? [] : [`${bytes(size)} with its indexes`],
  ];
  const shown = dependents.slice(0, MOST_TOLD);
  const rest = dependents.length - shown.length;
  const along = shown.length === 0 ? "" : `; ${list([...shown, ...rest > 0 ? [`${rest} more`] : []])}`;
  const what = sizes.length === 0 && along === ""
    ? "its size is not known"
    : `${sizes.join(", ") || "never analyzed"}${along}`;
  return [`${relation}: ${what}`, ...users.map((user) => `${INDENT}${user}`)];
}

function measuredWords({ measured }: StatementJudged): string {
  if (measured === undefined) return "";
  const { durationMs, waitMs, rows, walBytes } = measured;
  const parts = [
    duration(durationMs),
    ...waitMs < 1 ? [] : [`${duration(waitMs)} of it waiting`],
    ...rows === 0 ? [] : [rowCount(rows)],
    `${bytes(walBytes)} of WAL`,
  ];
  return `, ${parts.join(", ")}`;
}

/** Lines that go on are set in, as far as the text itself is. */
function wrapped(
  text: string,
  { indent, width }: { readonly indent: string; readonly width: number },
): readonly string[] {
  const own = /^ */.exec(text)![0];
  const inside = escapeLine(redact(text.slice(own.length)));
  const lines = wrapTo(inside, Math.max(width - indent.length - own.length, 20));
  return lines.map((line) => indent + own + line);
}

function paint(verdict: Verdict, text: string, style: Style): string {
  switch (verdict) {
    case "instant":
      return style.green(text);
    case "short":
      return text;
    case "long":
      return style.yellow(text);
    case "dangerous":
      return style.red(text);
  }
}

function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
