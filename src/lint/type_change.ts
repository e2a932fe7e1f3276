/** What an ALTER COLUMN TYPE says, and its safe forms: a new column that takes the old one's place, or a CHECK. */

import type { ColumnDef } from "libpg-query";
import type { Catalog, Relation } from "../catalog/catalog.ts";
import { findColumn, indexesOf, isSame } from "../catalog/resolve.ts";
import { dotted, identifier } from "../sql/identifiers.ts";
import { tokens } from "../sql/tokens.ts";
import type { ActionSteps } from "./action_problems.ts";
import type { AlterTable, AlterTableAction } from "./alter_table_actions.ts";
import { fillByTrigger } from "./fill_by_trigger.ts";
import { notNullSteps } from "./not_null_steps.ts";
import type { NextMigration } from "./rule.ts";
import type { TableSql } from "./table_sql.ts";

export interface TypeChange {
  readonly definition: ColumnDef;
  /** As the server has it. */
  readonly column: string;
  /** The new type, as it is written. */
  readonly type: string;
  /** The same with its COLLATE. */
  readonly collated: string;
  /** What the new value is made of, as SQL: USING as it is written, else a cast. */
  readonly expression: string;
}

/** Null for another action. */
export function typeChangeOf(statement: AlterTable, action: AlterTableAction): TypeChange | null {
  const { subtype, name: column, def } = action.command;
  const definition = subtype === "AT_AlterColumnType" && def !== undefined && "ColumnDef" in def ? def.ColumnDef : null;
  const start = definition?.typeName?.location;
  if (definition === null || start === undefined || column === undefined) return null;
  const slice = (from: number, to: number) => statement.text.slice(from - statement.start, to - statement.start).trim();
  const using = usingAt(statement, { start, end: action.span.end });
  const end = using?.start ?? action.span.end;
  const type = slice(start, definition.collClause?.location ?? end);
  const expression = using === null ? `${identifier(column)}::${type}` : slice(using.end, action.span.end);
  return { definition, column, type, collated: slice(start, end), expression };
}

/** USING is a reserved word: no type has it in its name without quotes. */
function usingAt(statement: AlterTable, { start, end }: { readonly start: number; readonly end: number }) {
  const offset = statement.start;
  for (const token of tokens(statement.text, { start: start - offset, end: end - offset })) {
    if (token.kind !== "word" || !/^using$/i.test(statement.text.slice(token.start, token.end))) continue;
    return { start: token.start + offset, end: token.end + offset };
  }
  return null;
}

interface Around {
  readonly sql: TableSql;
  readonly catalog: Catalog;
  readonly postgresVersion: number;
}

/** A column of the new type beside the old one, the same by a trigger, filled in batches, and put in its place. */
export function newColumnSteps(change: TypeChange, { sql, catalog, postgresVersion }: Around): ActionSteps {
  const { column, collated, expression } = change;
  const { alter, relation } = sql;
  const added = `${column}_new`;
  const filling = fillByTrigger({ sql, column: added, expression });
  const isRequired = findColumn(relation, column)?.notNull === true;
  const swap = `${swapNotes(relation, { column, added, catalog })}${filling.drop}
${alter} DROP COLUMN ${identifier(column)};
${alter} RENAME COLUMN ${identifier(added)} TO ${identifier(column)};`;
  return {
    title: `add ${added}, and keep it the same as ${column}`,
    action: `ADD COLUMN ${identifier(added)} ${collated}`,
    after: filling.statements,
    next: [
      filling.backfill,
      ...(isRequired ? requiredSteps(added, { sql, postgresVersion }) : []),
      { title: `put ${added} in the place of ${column}`, sql: swap, noTransaction: false },
    ],
    mechanical: false,
  };
}

function requiredSteps(
  column: string,
  { sql, postgresVersion }: { readonly sql: TableSql; readonly postgresVersion: number },
): readonly NextMigration[] {
  const { action, next } = notNullSteps(sql, { column, postgresVersion });
  return [{ title: `let no more NULLs into ${column}`, sql: `${sql.alter} ${action};`, noTransaction: false }, next];
}

/** What the new column does not have by itself, as comments. */
function swapNotes(
  relation: Relation,
  { column, added, catalog }: { readonly column: string; readonly added: string; readonly catalog: Catalog },
): string {
  const [own, next] = [identifier(column), identifier(added)];
  const known = findColumn(relation, column);
  const notes = [];
  const names = hangingOn(relation, { column, catalog });
  if (names.length > 0) {
    notes.push(`What needs ${own} goes with it; make it again on ${next} first: ${names.join(", ")}.`);
  }
  if (known?.identity || known?.default) {
    notes.push(`Give ${next} the default that ${own} has, before the old column goes.`);
  }
  return notes.map((note) => `-- ${note}\n`).join("");
}

/** The indexes and constraints that need a column, and the foreign keys of other tables that point to it. */
function hangingOn(
  relation: Relation,
  { column, catalog }: { readonly column: string; readonly catalog: Catalog },
): readonly string[] {
  const indexes = indexesOf(catalog, relation).filter(({ index }) => index?.uses.includes(column));
  const constraints = relation.constraints.filter(({ kind, columns }) =>
    kind !== "not-null" && columns.includes(column)
  );
  const pointing = [...catalog.relations.values()].flatMap(({ constraints }) =>
    constraints.filter(({ references, referencedColumns }) =>
      references !== null && isSame(references, relation) && referencedColumns.includes(column)
    )
  );
  return [...new Set([...indexes, ...constraints, ...pointing].map(({ name }) => dotted([name])))];
}

/** What a domain demands, which a CHECK demands without writing a row. */
export function domainCheckSteps({ column, type }: TypeChange, sql: TableSql): ActionSteps {
  const [constraint, own] = [sql.freeName(column, "check"), identifier(column)];
  return checkSteps(`${own} IS NULL OR ${own}::${type} IS NOT NULL`, { constraint, sql });
}

/** A limit on the length of text, which a CHECK sets without writing a row. */
export function shorterTextSteps(
  { column }: TypeChange,
  { sql, length }: { readonly sql: TableSql; readonly length: number },
): ActionSteps {
  const constraint = sql.freeName(column, "length");
  return checkSteps(`char_length(${identifier(column)}) <= ${length}`, { constraint, sql });
}

function checkSteps(
  condition: string,
  { constraint, sql }: { readonly constraint: string; readonly sql: TableSql },
): ActionSteps {
  const name = identifier(constraint);
  return {
    title: `add ${constraint}, not validated`,
    action: `ADD CONSTRAINT ${name} CHECK (${condition})${sql.noInherit} NOT VALID`,
    next: [{ title: `validate ${constraint}`, sql: `${sql.alter} VALIDATE CONSTRAINT ${name};`, noTransaction: false }],
    mechanical: false,
  };
}
