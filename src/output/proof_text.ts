/** What `lint`, `check`, `plan` and `rehearse` find, as text for people. */

import type {
  CheckResult,
  Finding,
  LintResult,
  MigrationChecked,
  PlanResult,
  RehearseResult,
  StatementJudged,
} from "../events.ts";
import { checkClosing, CheckedLines } from "./check_text.ts";
import { findingLines, lintClosing } from "./finding_text.ts";
import { blockedLines } from "./plan_text.ts";
import { rehearsalClosing } from "./rehearsal_text.ts";
import type { RenderOptions } from "./renderer.ts";
import { isQuiet, statementLines, statementsClosing } from "./statement_text.ts";
import { type Style, style } from "./style.ts";

/** The lines for stdout, as one command goes on. */
export class ProofText {
  readonly #style: Style;
  readonly #checked = new CheckedLines();
  /** The last finding whose safe form was shown. */
  #found: Finding | null = null;
  readonly #judged: Pick<StatementJudged, "name" | "span" | "verdict">[] = [];
  /** Relations that were told of with a statement. */
  readonly #told = new Set<string>();

  constructor(readonly options: RenderOptions) {
    this.#style = style(options.color.stdout);
  }

  lines(event: Finding | MigrationChecked | StatementJudged): readonly string[] {
    switch (event.event) {
      case "finding":
        return this.#foundLines(event);
      case "migration_checked":
        return this.#checked.next(event, { style: this.#style, quiet: this.options.quiet });
      case "statement":
        return this.#judgedLines(event);
    }
  }

  /** What was left out on the way. */
  end(): readonly string[] {
    return this.#checked.end();
  }

  closing(answer: LintResult | CheckResult | PlanResult | RehearseResult): readonly string[] {
    switch (answer.command) {
      case "lint":
        return lintClosing(answer);
      case "check":
        return checkClosing(answer);
      case "plan":
        return [...statementsClosing(answer, this.#judged), ...blockedLines(answer.blocked)];
      case "rehearse":
        return [
          ...this.#judged.length === 0 ? [] : statementsClosing(answer, this.#judged),
          ...rehearsalClosing(answer),
        ];
    }
  }

  #judgedLines(event: StatementJudged): readonly string[] {
    const { quiet, verbose, columns } = this.options;
    const first = this.#judged.at(-1)?.name !== event.name;
    this.#judged.push({ name: event.name, span: event.span, verdict: event.verdict });
    if (quiet && event.verdict === "instant") return [];
    const lines = statementLines(event, { style: this.#style, columns, first, verbose, told: this.#told });
    if (!isQuiet(event, this.options)) { for (const { relation } of event.relations) this.#told.add(relation); }
    return lines;
  }

  /** Several findings about one statement may lead to the same safe form, which is shown once. */
  #foundLines(event: Finding): readonly string[] {
    const found = this.#found;
    const isSame = found !== null && event.safeForm !== null && found.span.file === event.span.file &&
      found.safeForm === event.safeForm;
    if (!isSame) this.#found = event;
    return findingLines(event, { columns: this.options.columns, style: this.#style, isAsAbove: isSame });
  }
}
