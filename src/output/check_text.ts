/** What `check` says of migrations, as text for people. */

import type { CheckResult, MigrationChecked } from "../events.ts";
import { escapeLine } from "./escape.ts";
import { findingsPhrase } from "./finding_text.ts";
import { redact } from "./redact.ts";
import type { Style } from "./style.ts";
import { count, duration, list } from "./wording.ts";

/** As wide as the longest state. */
const STATE_COLUMNS = "inconclusive".length;

/** `inconclusive  002_places.sql: needs the extension postgis, which the embedded PostgreSQL has not (line 1)` */
export function checkedLine({ name, state, reason, line }: MigrationChecked, style: Style): string {
  const paint = { passed: style.green, failed: style.red, inconclusive: style.yellow }[state];
  const place = line === null ? "" : ` (line ${line})`;
  const why = reason === null ? "" : `: ${escapeLine(redact(reason))}${place}`;
  return `${paint(state.padEnd(STATE_COLUMNS))}  ${escapeLine(name)}${why}`;
}

/** So many of those that were not even tried are told one by one. */
const MOST_UNTRIED = 3;

/** The lines of migrations as they come. Of many that stand behind one that ended it all, there is little to say. */
export class CheckedLines {
  #untried = 0;

  next(
    event: MigrationChecked,
    { style, quiet }: { readonly style: Style; readonly quiet: boolean },
  ): readonly string[] {
    const isTried = event.state !== "inconclusive" || event.line !== null;
    if (!isTried && ++this.#untried > MOST_UNTRIED) return [];
    return quiet && event.state === "passed" ? [] : [checkedLine(event, style)];
  }

  /** What was left out. */
  end(): readonly string[] {
    const more = this.#untried - MOST_UNTRIED;
    this.#untried = 0;
    return more > 0 ? [`${" ".repeat(STATE_COLUMNS)}  … and ${more} more that could not be tried`] : [];
  }
}

/** How the migrations fared, and what to do where that is not known of all. */
export function checkClosing(answer: CheckResult): readonly string[] {
  const { versions: { passed, failed, inconclusive }, durationMs, postgresVersion, embedded } = answer;
  const total = passed.length + failed.length + inconclusive.length;
  const rest = [
    ...failed.length === 0 ? [] : [`${failed.length} failed`],
    ...inconclusive.length === 0
      ? []
      : [`${inconclusive.length} ${inconclusive.length === 1 ? "is" : "are"} inconclusive`],
  ];
  const those = rest.length === 0 ? count(total, "migration") : `${passed.length} of ${count(total, "migration")}`;
  const where = `PostgreSQL ${postgresVersion}${embedded ? " (embedded)" : ""}`;
  const sentence = `${those} passed on ${where} in ${duration(durationMs)}`;
  const { error, warning, info } = answer.findings;
  const advice = error + warning > 0 && answer.linted === total
    ? " If some of these files were applied already: with --base or --sums, only new ones are linted."
    : "";
  return [
    ...error + warning + info === 0 ? [] : [`lint: ${findingsPhrase(answer.findings)}.${advice}`],
    `${[sentence, ...rest.length === 0 ? [] : [list(rest)]].join("; ")}.`,
    ...inconclusive.length > 0 && failed.length === 0 && embedded
      ? ["Nothing is known of what is inconclusive. To try it on a server: pgmigrate check --database-url URL"]
      : [],
    ...answer.sums === null
      ? []
      : [`Wrote the checksums of ${count(total, "migration")} to ${escapeLine(answer.sums)}`],
  ];
}
