/** CHECK constraints that spare the server the scan when a partition is added. */

import type { PartitionBoundSpec } from "libpg-query";
import type { Catalog, Relation } from "../catalog/catalog.ts";
import { childrenOf } from "../catalog/resolve.ts";
import { identifier } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import { boundCondition } from "./partition_bound.ts";
import type { NextMigration } from "./rule.ts";
import { shownName } from "./shown_name.ts";

export interface AddedPartition {
  readonly statement: Statement;
  readonly bound: PartitionBoundSpec;
  readonly parent: Relation;
  /** Index of the file's text behind which the bound stands. */
  readonly from: number;
}

export interface Proof {
  /** What adds the constraints and validates them, before the partition is added. */
  readonly before: readonly NextMigration[];
  /** What takes them away again, once it is. */
  readonly after: readonly string[];
}

/** A table that is read whole unless a CHECK proves that there is nothing to find. */
export interface Unproven {
  readonly relation: Relation;
  /** The default partition must not hold rows of the new one; the new one must hold no others. */
  readonly role: "new" | "default";
}

/** @returns null where the condition is not known */
export function proofSteps(added: AddedPartition, tables: readonly Unproven[]): Proof | null {
  const condition = boundCondition(added.statement, added);
  if (condition === null) return null;
  const checks = tables.map(({ relation, role }) => {
    const table = shownName(relation);
    const name = identifier(`${relation.name}_${role === "default" ? "without" : "bound"}_check`);
    const check = role === "default" ? `NOT (${condition})` : condition;
    return {
      add: `ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (${check}) NOT VALID;`,
      validate: `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`,
      drop: `ALTER TABLE ${table} DROP CONSTRAINT ${name};`,
      shown: table,
    };
  });
  const before = checks.flatMap(({ add, validate, shown }) => [
    { title: `what ${shown} holds, for new rows`, sql: add, noTransaction: false },
    { title: `what ${shown} holds, for all rows, while others read and write`, sql: validate, noTransaction: false },
  ]);
  return { before, after: checks.map(({ drop }) => drop) };
}

/** The default partition of a table; null where none is known. */
export function defaultPartition(parent: Relation, catalog: Catalog): Relation | null {
  return childrenOf(catalog, parent).find(({ partition }) => partition?.isDefault) ?? null;
}
