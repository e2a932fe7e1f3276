/** From what is wrong with actions of an ALTER TABLE to findings with a safe form of the whole statement. */

import type { Severity } from "../events.ts";
import { type AlterTable, type AlterTableAction, replaceActions } from "./alter_table_actions.ts";
import type { Fix, LintedFile, NextMigration, Problem } from "./rule.ts";
import { writeSafeForm } from "./safe_form.ts";

/** The safe form of one action. */
export interface ActionSteps {
  /** What this migration still does of it: `add the check, not validated`. */
  readonly title: string;
  /** Statements before the ALTER TABLE, without `;`. */
  readonly before?: readonly string[];
  /** What takes the place of the action: one or more, separated by commas; null: nothing. */
  readonly action: string | null;
  /** Statements behind the ALTER TABLE, without `;`. */
  readonly after?: readonly string[];
  readonly next: readonly NextMigration[];
  /** Whether it can be written without asking anybody. */
  readonly mechanical: boolean;
}

export interface ActionFinding {
  readonly action: AlterTableAction;
  readonly message: string;
  readonly severity?: Severity;
  /** null where there is no safe form. */
  readonly steps: ActionSteps | null;
}

/** One problem for each action; all have the same safe form, in which none of these actions is left as it was. */
export function actionProblems(
  statement: AlterTable,
  found: readonly ActionFinding[],
  file: LintedFile,
): readonly Problem[] {
  const mended = found.flatMap(({ action, steps }) => steps === null ? [] : [{ action, steps }]);
  const whole = mended.length === 0 ? null : safeFormOf(statement, mended, file);
  return found.map(({ action, message, severity, steps }) => ({
    ...(severity === undefined ? {} : { severity }),
    span: action.span,
    message,
    safeForm: steps === null ? null : whole!.safeForm,
    fix: steps === null ? null : whole!.fix,
  }));
}

interface Mended {
  readonly action: AlterTableAction;
  readonly steps: ActionSteps;
}

function safeFormOf(
  statement: AlterTable,
  mended: readonly Mended[],
  file: LintedFile,
): Pick<Problem, "safeForm" | "fix"> {
  const altered = replaceActions(statement, new Map(mended.map(({ action, steps }) => [action, steps.action])));
  const before = mended.flatMap(({ steps }) => steps.before ?? []);
  const after = mended.flatMap(({ steps }) => steps.after ?? []);
  const statements = [...before, ...(altered === null ? [] : [altered]), ...after];
  const next = mended.flatMap(({ steps }) => steps.next);
  const here = statements.length === 0 ? null : statements.join(";\n");
  const title = [...new Set(mended.map(({ steps }) => steps.title))].join(", ");
  const first = here === null ? leaving(file) : [{ title, sql: `${here};`, noTransaction: false }];
  const mechanical = mended.every(({ steps }) => steps.mechanical);
  return {
    safeForm: writeSafeForm([...first, ...next]),
    fix: mechanical ? fixOf({ here, next }, { statement, file }) : null,
  };
}

/** How a safe form says that a statement leaves its file, where something is left of the file then. */
export function leaving({ statements }: LintedFile): readonly NextMigration[] {
  return statements.length === 1 ? [] : [{ title: "this file without the statement", sql: "", noTransaction: false }];
}

function fixOf(
  { here, next }: { readonly here: string | null; readonly next: readonly NextMigration[] },
  { statement, file }: { readonly statement: AlterTable; readonly file: LintedFile },
): Fix | null {
  if (here !== null) return { statement: here, noTransaction: false, next };
  const [first, ...others] = next;
  // A file that would be left empty becomes the first of the migrations instead.
  if (first !== undefined && file.statements.length === 1) {
    return { statement: first.sql.replace(/;$/, ""), noTransaction: first.noTransaction, next: others };
  }
  return isNamedLater(statement, file) ? null : { statement: null, noTransaction: false, next };
}

/** What stands below may rely on what the statement does. */
function isNamedLater({ start, node }: AlterTable, { statements }: LintedFile): boolean {
  const name = (node.relation?.relname ?? "").toLowerCase();
  return statements.some((other) => other.start > start && other.text.toLowerCase().includes(name));
}
