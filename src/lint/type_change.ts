/** What an ALTER COLUMN TYPE says, and its safe forms: a new column that takes the old one's place, or a CHECK. */

import type { ColumnDef } from "libpg-query";
import type { Catalog } from "../catalog/catalog.ts";
import { identifier, literal } from "../sql/identifiers.ts";
import { tokens } from "../sql/tokens.ts";
import type { ActionSteps } from "./action_problems.ts";
import type { AlterTable, AlterTableAction } from "./alter_table_actions.ts";
import { inherit } from "./column_heir.ts";
import { fillByTrigger } from "./fill_by_trigger.ts";
import { type Hanging, hangingOn, viewsOver } from "./hanging.ts";
import { listOf } from "./shown_name.ts";
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

/**
 * A column of the new type beside the old one, the same by a trigger, filled in batches, and put in its place with all
 * that hangs on the old one. Where not all of that is known, the last migration stops before anything is lost.
 */
export function newColumnSteps(change: TypeChange, { sql, catalog, postgresVersion }: Around): ActionSteps {
  const { column, collated, expression } = change;
  const { alter, relation } = sql;
  const added = `${column}_new`;
  const filling = fillByTrigger({ sql, column: added, expression });
  const hanging = [...hangingOn(relation, { column, catalog }), ...viewsOver(relation, { column, catalog })];
  const inheritance = inherit({ column, heir: added, sql, catalog, hanging, postgresVersion });
  const swap = [
    ...stopFor(hanging, { table: sql.table, column, added }),
    filling.drop,
    ...inheritance.before,
    `${alter} DROP COLUMN ${identifier(column)};`,
    `${alter} RENAME COLUMN ${identifier(added)} TO ${identifier(column)};`,
    ...inheritance.after,
  ];
  return {
    title: `add ${added}, and keep it the same as ${column}`,
    action: `ADD COLUMN ${identifier(added)} ${collated}`,
    after: filling.statements,
    next: [
      filling.backfill,
      ...inheritance.next,
      { title: `put ${added} in the place of ${column}`, sql: swap.join("\n"), noTransaction: false },
    ],
    mechanical: false,
  };
}

/** An error is better than a column that goes with what nobody has made again. */
function stopFor(
  hanging: readonly Hanging[],
  { table, column, added }: { readonly table: string; readonly column: string; readonly added: string },
): readonly string[] {
  const names = hanging.filter(({ isKnown }) => !isKnown).map(({ name }) => name);
  if (names.length === 0) return [];
  const lost = `${table}.${identifier(column)} still has ${listOf(names)}`;
  const message = literal(
    `${lost}: make it again on ${identifier(added)} where it is needed, and take this statement away`,
  );
  const tag = message.includes("$stop$") ? "$still_there$" : "$stop$";
  return [`DO ${tag} BEGIN RAISE EXCEPTION USING MESSAGE = ${message}; END ${tag};`];
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
