/** An ADD COLUMN taken apart: its constraints, each as it is written, and what is left without them. */

import type { ColumnDef, Constraint, ConstrType } from "libpg-query";
import { tokens } from "../sql/tokens.ts";
import { addedColumn, type AlterTable, type AlterTableAction } from "./alter_table_actions.ts";

export interface ColumnParts {
  readonly definition: ColumnDef;
  /** As the server has it. */
  readonly name: string;
  /** `ADD COLUMN IF NOT EXISTS price`, as it is written. */
  readonly head: string;
  /** `numeric(10, 2)`, as it is written. */
  readonly type: string;
  /** What stands between the type and the constraints, and COLLATE: `COLLATE "C"`; often empty. */
  readonly attributes: string;
  readonly constraints: readonly ColumnConstraint[];
}

export interface ColumnConstraint {
  readonly constraint: Constraint;
  /** As it is written: `CONSTRAINT positive CHECK (price > 0)`. */
  readonly text: string;
  /** The same without its name: `CHECK (price > 0)`. */
  readonly body: string;
}

/** What an ADD COLUMN is made of; null for another action. */
export function columnParts(statement: AlterTable, action: AlterTableAction): ColumnParts | null {
  const definition = addedColumn(action.command);
  if (definition?.typeName?.location === undefined) return null;
  const slice = (start: number, end: number) =>
    statement.text.slice(start - statement.start, end - statement.start).trim();
  const typeStart = definition.typeName.location;
  const pieces = piecesOf(definition);
  const firstPiece = pieces[0]?.start ?? action.span.end;
  const typeEnd = endOfType(statement, { start: typeStart, end: firstPiece });
  const constraints: ColumnConstraint[] = [];
  let attributes = slice(typeEnd, firstPiece);
  for (const [index, { start, constraint }] of pieces.entries()) {
    const text = slice(start, pieces[index + 1]?.start ?? action.span.end);
    if (constraint === null) attributes = `${attributes} ${text}`.trim();
    else constraints.push({ constraint, text, body: withoutName(text, constraint) });
  }
  return {
    definition,
    name: definition.colname ?? "",
    head: slice(action.span.start, typeStart),
    type: slice(typeStart, typeEnd),
    attributes,
    constraints,
  };
}

/** The constraint of a kind that the column has; null for none. */
export function constraintOf({ constraints }: ColumnParts, kind: ConstrType): ColumnConstraint | null {
  return constraints.find(({ constraint }) => constraint.contype === kind) ?? null;
}

interface Piece {
  readonly start: number;
  /** null: COLLATE, which may stand between constraints. */
  readonly constraint: Constraint | null;
}

function piecesOf({ constraints = [], collClause }: ColumnDef): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const node of constraints) {
    // DEFERRABLE and the like come as constraints of their own, and belong to the one before them.
    if (!("Constraint" in node) || node.Constraint.contype?.startsWith("CONSTR_ATTR_")) continue;
    // The parser leaves out a field that is 0, which no constraint of a column can be at.
    pieces.push({ start: node.Constraint.location ?? 0, constraint: node.Constraint });
  }
  if (collClause?.location !== undefined) pieces.push({ start: collClause.location, constraint: null });
  return pieces.toSorted((a, b) => a.start - b.start);
}

/** STORAGE and COMPRESSION follow the type, and are no words of any. */
function endOfType(statement: AlterTable, { start, end }: { readonly start: number; readonly end: number }): number {
  const span = { start: start - statement.start, end: end - statement.start };
  let last = start;
  for (const token of tokens(statement.text, span)) {
    const word = token.kind === "word" ? statement.text.slice(token.start, token.end) : "";
    if (last > start && /^(storage|compression)$/i.test(word)) break;
    if (token.kind !== "comment") last = token.end + statement.start;
  }
  return last;
}

function withoutName(text: string, { conname }: Constraint): string {
  if (conname === undefined) return text;
  const own = [...tokens(text, { start: 0, end: text.length })].filter(({ kind }) => kind !== "comment");
  const escaped = own[2] !== undefined && /^uescape$/i.test(text.slice(own[2].start, own[2].end));
  return text.slice(own[escaped ? 4 : 2]?.start ?? 0);
}
