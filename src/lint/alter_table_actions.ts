/** The actions of an ALTER TABLE, each with its place in the text, which the parser's tree does not say. */

import type { AlterTableCmd, ColumnDef, Constraint } from "libpg-query";
import type { Statement } from "../sql/parser.ts";
import { type Token, tokens } from "../sql/tokens.ts";

/** Where something stands: UTF-16 indices into the file's text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One of the comma-separated actions of an ALTER TABLE. */
export interface AlterTableAction {
  readonly command: AlterTableCmd;
  readonly span: Span;
  /** As it is written. */
  readonly text: string;
}

export type AlterTable = Statement & { readonly kind: "AlterTableStmt" };

/** Whether it is an ALTER TABLE of a table, and not an ALTER INDEX, ALTER VIEW or ALTER TYPE, which are made the same. */
export function isAlterTable(statement: Statement): statement is AlterTable {
  return statement.kind === "AlterTableStmt" && statement.node.objtype === "OBJECT_TABLE" &&
    statement.node.relation !== undefined;
}

/** The actions of statements that have been taken apart: every rule asks for them. */
const taken = new WeakMap<Statement, readonly AlterTableAction[]>();

/** The actions of an ALTER TABLE, in order; none for any other statement. */
export function alterTableActions(statement: Statement): readonly AlterTableAction[] {
  if (!isAlterTable(statement)) return [];
  const actions = taken.get(statement) ?? takeApart(statement);
  taken.set(statement, actions);
  return actions;
}

function takeApart(statement: AlterTable): readonly AlterTableAction[] {
  const commands = (statement.node.cmds ?? []).flatMap((node) => "AlterTableCmd" in node ? [node.AlterTableCmd] : []);
  const spans = actionSpans(statement);
  const whole = { start: statement.start, end: statement.end };
  return commands.map((command, index) => {
    const span = spans.length === commands.length ? spans[index]! : whole;
    return { command, span, text: textAt(statement, span) };
  });
}

/** The column that an action adds; null for another action. */
export function addedColumn({ subtype, def }: AlterTableCmd): ColumnDef | null {
  return subtype === "AT_AddColumn" && def !== undefined && "ColumnDef" in def ? def.ColumnDef : null;
}

/** The constraint that an action adds to the table; null for another action, one that adds a column with one included. */
export function addedConstraint({ subtype, def }: AlterTableCmd): Constraint | null {
  return subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def ? def.Constraint : null;
}

/**
 * The statement with actions replaced, the others as they are written.
 *
 * @param replacements What each action becomes; null: it is left out.
 * @returns null where no action is left
 */
export function replaceActions(
  statement: AlterTable,
  replacements: ReadonlyMap<AlterTableAction, string | null>,
): string | null {
  const sqlAt = new Map([...replacements].map(([{ span }, sql]) => [span.start, sql]));
  const actions = alterTableActions(statement);
  let result: string | null = null;
  for (const [index, { span, text }] of actions.entries()) {
    const sql = sqlAt.get(span.start);
    if (sql === null) continue;
    // The first that is left follows the table's name, each other one what stood between it and the one before.
    const between = { start: actions[index - 1]?.span.end ?? 0, end: span.start };
    result = (result === null ? beforeActions(statement) : result + textAt(statement, between)) +
      (sql ?? text);
  }
  return result;
}

/** `ALTER TABLE IF EXISTS ONLY "S"."T"` as it is written: the begin of the statement, up to its first action. */
export function alterTableHead(statement: AlterTable): string {
  return beforeActions(statement).trimEnd();
}

function beforeActions(statement: AlterTable): string {
  const end = alterTableActions(statement)[0]?.span.start ?? statement.end;
  return textAt(statement, { start: statement.start, end });
}

function textAt(statement: Statement, { start, end }: Span): string {
  return statement.text.slice(start - statement.start, end - statement.start);
}

/** Outside of parentheses, a comma stands between actions and nowhere else. */
function actionSpans(statement: AlterTable): readonly Span[] {
  const spans: Span[] = [];
  let depth = 0;
  let open: Token | null = null;
  let last: Token | null = null;
  for (const token of behindTableName(statement)) {
    const sign = token.kind === "sign" ? textAt(statement, token) : "";
    if (sign === "," && depth === 0) {
      if (open !== null) spans.push({ start: open.start, end: last!.end });
      open = null;
      continue;
    }
    if (sign === "(" || sign === "[") depth++;
    if (sign === ")" || sign === "]") depth--;
    open ??= token;
    last = token;
  }
  if (open !== null) spans.push({ start: open.start, end: last!.end });
  return spans;
}

/** The tokens that are not comments behind `name`, `"S"."T"`, `name *` or `ONLY (name)`. */
function behindTableName(statement: AlterTable): readonly Token[] {
  const offset = statement.start;
  const name = (statement.node.relation?.location ?? offset) - offset;
  const own = [...tokens(statement.text, { start: name, end: statement.text.length })]
    .filter(({ kind }) => kind !== "comment")
    .map((token) => ({ ...token, start: token.start + offset, end: token.end + offset }));
  const signAt = (index: number) => own[index]?.kind === "sign" ? textAt(statement, own[index]) : "";
  let behind = 1;
  while (signAt(behind) === ".") behind += 2;
  // The string that says how a U&"…" name is escaped.
  if (own[behind]?.kind === "word" && /^uescape$/i.test(textAt(statement, own[behind]!))) behind += 2;
  while (signAt(behind) === ")" || signAt(behind) === "*") behind++;
  return own.slice(behind);
}
