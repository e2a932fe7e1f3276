/** A column as CREATE TABLE and ADD COLUMN define it. */

import type { ColumnDef, Constraint, Node } from "libpg-query";
import type { Catalog, Column, DataType, QualifiedName } from "./catalog.ts";
import { resolveType, SERIAL_TYPES } from "./resolve_type.ts";
import { nextValue } from "./sequence_default.ts";

/** A constraint as a statement gives it, before it has a name. */
export interface GivenConstraint {
  readonly node: Constraint;
  /** The column that it stands behind; null for one of the table. */
  readonly column: string | null;
}

export interface ColumnDefinition {
  /** Without what its constraints make of it, but for its default. */
  readonly column: Column;
  /** Whether a sequence is made with it. */
  readonly hasSequence: boolean;
  readonly constraints: readonly GivenConstraint[];
}

/** @param sequence the name of the sequence that a serial column would get */
export function columnDefinition(
  catalog: Catalog,
  definition: ColumnDef,
  sequence: QualifiedName,
): ColumnDefinition {
  const name = definition.colname ?? "";
  const given = (definition.constraints ?? []).flatMap((node) => "Constraint" in node ? [node.Constraint] : []);
  const has = (kind: Constraint["contype"]) => given.find(({ contype }) => contype === kind);
  const named = definition.typeName === undefined
    ? null
    : resolveType(catalog, definition.typeName, definition.collClause);
  const serial = named?.schema === "pg_catalog" ? SERIAL_TYPES.get(named.name) : undefined;
  const type: DataType | null = named === null || serial === undefined ? named : { ...named, name: serial };
  const generated = has("CONSTR_GENERATED");
  const identity = has("CONSTR_IDENTITY") !== undefined;
  const column: Column = {
    name,
    type,
    notNull: false,
    default: serial === undefined ? keptDefault((generated ?? has("CONSTR_DEFAULT"))?.raw_expr) : nextValue(sequence),
    generated: generated === undefined ? null : generated.generated_kind === "v" ? "virtual" : "stored",
    identity,
  };
  const constraints = withAttributes(given).map((node) => ({ node, column: name }));
  if ((serial !== undefined || identity) && has("CONSTR_NOTNULL") === undefined) {
    constraints.push({ node: { contype: "CONSTR_NOTNULL", initially_valid: true }, column: name });
  }
  return { column, hasSequence: serial !== undefined || identity, constraints };
}

/** DEFERRABLE and the like are constraints of their own to the parser, and belong to the one before them. */
function withAttributes(given: readonly Constraint[]): readonly Constraint[] {
  return given.reduce<readonly Constraint[]>((before, node) => {
    const attribute = ATTRIBUTES[node.contype ?? ""];
    const last = before.at(-1);
    return attribute === undefined || last === undefined
      ? [...before, node]
      : [...before.slice(0, -1), { ...last, ...attribute }];
  }, []);
}

const ATTRIBUTES: Readonly<Record<string, Partial<Constraint>>> = {
  CONSTR_ATTR_DEFERRABLE: { deferrable: true },
  CONSTR_ATTR_DEFERRED: { deferrable: true, initdeferred: true },
  CONSTR_ATTR_NOT_ENFORCED: { is_enforced: false },
};

/** A default as the server keeps it: none where it is NULL. */
export function keptDefault(expression: Node | undefined): Node | null {
  if (expression === undefined || "A_Const" in expression && expression.A_Const.isnull) return null;
  return expression;
}
