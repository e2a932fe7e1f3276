/** The steps of a UNIQUE or PRIMARY KEY that is added to a table that others use. */

import type { Catalog } from "../catalog/catalog.ts";
import { findColumn, findRelation } from "../catalog/resolve.ts";
import { identifier, listedParts } from "../sql/identifiers.ts";
import type { ActionSteps } from "./action_problems.ts";
import { type AddedConstraint, addedConstraintProblems, type ConstraintFault } from "./added_constraints.ts";
import { leafPartitions } from "./leaf_partitions.ts";
import type { LintedFile, LintedStatement, Problem } from "./rule.ts";
import { isProvedNotNull } from "./not_null_proof.ts";
import { notNullSteps } from "./not_null_steps.ts";
import { listOf } from "./shown_name.ts";
import { adoptIndex, buildIndex, keyName, type UniqueKey, uniqueSteps } from "./unique_steps.ts";

/** What is wrong with the keys of one kind that a statement adds. */
export function keyProblems(
  linted: LintedStatement,
  { file, kind }: { readonly file: LintedFile; readonly kind: "CONSTR_UNIQUE" | "CONSTR_PRIMARY" },
): readonly Problem[] {
  const { catalog } = linted;
  const { postgresVersion } = file;
  return addedConstraintProblems(linted, {
    file,
    kinds: [kind],
    faultOf: (added) => {
      if (!isBuiltAtOnce(added)) {
        return kind === "CONSTR_PRIMARY" ? adoptionFault(added, { catalog, postgresVersion }) : null;
      }
      const { constraint, column, sql } = added;
      const columns = column === null ? listedParts(constraint.keys) : [column.name];
      const name = identifier(keyName(sql, { constraint, columns }));
      const message = `The index of ${name} is built over the whole of ${sql.table} under an ACCESS EXCLUSIVE lock: ` +
        "nobody reads or writes the table until that is done.";
      return { message, steps: keySteps(added, { catalog, postgresVersion }) };
    },
  });
}

interface KeyOptions {
  readonly catalog: Catalog;
  readonly postgresVersion: number;
}

/** Null where there is no form in which others can write meanwhile. */
function keySteps(added: AddedConstraint, { catalog, postgresVersion }: KeyOptions): ActionSteps | null {
  const { constraint, sql } = added;
  const key = { constraint, columns: listedParts(constraint.keys) };
  if (sql.relation.kind === "partitioned-table") return partitionedSteps(added, { key, catalog });
  const unique = uniqueSteps(sql, key);
  if (unique === null) return null;
  // USING INDEX reads every row for PRIMARY KEY, unless its columns are NOT NULL by then.
  const name = keyName(sql, key);
  const notNull = nullableColumns(added, key).map((column) => notNullSteps(sql, { column, postgresVersion }));
  return {
    title: notNull.length === 0 ? `all but ${name}` : `let no more NULLs into the columns of ${name}`,
    action: notNull.length === 0 ? null : notNull.map(({ action }) => action).join(", "),
    next: [...notNull.map(({ next }) => next), ...unique],
    mechanical: true,
  };
}

function nullableColumns({ constraint, relation }: AddedConstraint, { columns }: UniqueKey): readonly string[] {
  if (constraint.contype !== "CONSTR_PRIMARY") return [];
  return columns.filter((column) => !isProvedNotNull(relation, column));
}

/** PRIMARY KEY … USING INDEX is instant, unless rows have to be read for NULLs. */
function adoptionFault(
  { action, constraint, relation, sql }: AddedConstraint,
  { catalog, postgresVersion }: KeyOptions,
): ConstraintFault | null {
  const index = findRelation(catalog, { schema: relation.schema, name: constraint.indexname ?? "" })?.index ?? null;
  const columns = (index?.columns ?? []).flatMap((column) => column ?? []);
  const nullable = columns.filter((column) =>
    findColumn(relation, column) !== null && !isProvedNotNull(relation, column)
  );
  if (nullable.length === 0) return null;
  const steps = nullable.map((column) => notNullSteps(sql, { column, postgresVersion }));
  const message =
    `Every row of ${sql.table} is read, to see that none has a NULL in ${listOf(nullable.map(identifier))}, ` +
    "under an ACCESS EXCLUSIVE lock: nobody reads or writes the table until that is done.";
  const title = `let no more NULLs into ${listOf(nullable)}`;
  const last = { title: "add the key", sql: `${sql.alter} ${action.text};`, noTransaction: false };
  return {
    message,
    steps: {
      title,
      action: steps.map((one) => one.action).join(", "),
      next: [...steps.map(({ next }) => next), last],
      mechanical: true,
    },
  };
}

/** On the partitioned table alone it is not valid, until the same stands on each partition and is attached. */
function partitionedSteps(
  { action, constraint, sql, statement }: AddedConstraint,
  { key, catalog }: { readonly key: UniqueKey; readonly catalog: Catalog },
): ActionSteps | null {
  const partitions = leafPartitions(sql.relation, { catalog, range: statement.node.relation! });
  if (partitions === null || constraint.without_overlaps || constraint.contype === "CONSTR_PRIMARY") return null;
  const name = keyName(sql, key);
  const named = constraint.conname === undefined
    ? action.text.replace(/^ADD\s+/i, `ADD CONSTRAINT ${identifier(name)} `)
    : action.text;
  const own = partitions.map(({ relation, name: table }) => {
    const index = `${relation.name}_${key.columns.join("_")}_key`;
    return { table, index };
  });
  const attach = ({ table, index }: typeof own[number]) =>
    `ALTER TABLE ${table} ${adoptIndex(key, index)};\n` +
    `ALTER INDEX ${sql.inSchema(name)} ATTACH PARTITION ${sql.inSchema(index)};`;
  return {
    title: `add ${name} to the table alone`,
    action: null,
    after: [`ALTER TABLE ONLY ${sql.table} ${named}`],
    next: [
      {
        title: `build the indexes of the partitions`,
        sql: own.map(({ table, index }) => `${buildIndex(table, { key, name: index })};`).join("\n"),
        noTransaction: true,
      },
      { title: `add ${name} to the partitions`, sql: own.map(attach).join("\n"), noTransaction: false },
    ],
    mechanical: true,
  };
}

/** Whether the key builds an index now: not with USING INDEX, and not for a partitioned table without its partitions. */
function isBuiltAtOnce({ constraint, relation, statement }: AddedConstraint): boolean {
  const alone = relation.kind === "partitioned-table" && statement.node.relation?.inh !== true;
  return constraint.indexname === undefined && !alone;
}
