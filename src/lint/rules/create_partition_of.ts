import type { CreateStmt } from "libpg-query";
import { isSame, resolveRelation } from "../../catalog/resolve.ts";
import { relationName } from "../../sql/identifiers.ts";
import type { Statement } from "../../sql/parser.ts";
import { isInUse } from "../in_use.ts";
import { boundSpan } from "../partition_bound.ts";
import { defaultPartition, type Proof, proofSteps } from "../partition_steps.ts";
import type { Rule } from "../rule.ts";
import { writeSafeForm } from "../safe_form.ts";
import { shownName } from "../shown_name.ts";
import { keyword, nameSpan, ownTokens, textOf } from "../text_edits.ts";

export const createPartitionOf: Rule = {
  id: "create-partition-of",
  severity: "warning",
  fires: "CREATE TABLE … PARTITION OF a table that is in use",
  why:
    "It takes an ACCESS EXCLUSIVE lock on the partitioned table and waits for every query on it, on any of its partitions " +
    "too, and all who come after wait behind it. Where there is a default partition, that one is read whole under the same " +
    "lock, to see that it holds no row of the new one, and it is an error.",
  instead: "Create the table by itself, like the partitioned one, and attach it: ATTACH PARTITION takes a " +
    "SHARE UPDATE EXCLUSIVE lock on the partitioned table, under which others read and write. Where there is a default " +
    "partition, prove first, with a CHECK, that it holds no row of the new one.",
  source: "https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE",
  examples: [{
    before: ["CREATE TABLE events (at timestamptz NOT NULL, kind text) PARTITION BY RANGE (at);"],
    bad: "CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
    good: [
      `CREATE TABLE events_2026 (LIKE events INCLUDING ALL EXCLUDING IDENTITY);
ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');`,
    ],
  }],
  check: ({ statement, impact, catalog }, file) => {
    if (statement.kind !== "CreateStmt" || statement.node.partbound === undefined) return [];
    const range = parentRange(statement.node);
    const parent = range === null ? null : resolveRelation(catalog, range);
    if (range === null || !isInUse(parent, file)) return [];
    const other = defaultPartition(parent, catalog);
    const scanned = other !== null && isInUse(other, file) &&
      impact.scans.some(({ relation }) => isSame(relation, other));
    const from = range.location ?? statement.start;
    const added = { statement, bound: statement.node.partbound, parent, from };
    const proof = scanned ? proofSteps(added, [{ relation: other, role: "default" }]) : NOTHING_TO_PROVE;
    const attach = attachForm(statement);
    const name = relationName(range);
    return [{
      severity: scanned ? "error" : "warning",
      message: scanned
        ? `Readers and writers of ${name} and all of its partitions wait while ${
          shownName(other)
        }, the default one, is read ` +
          "whole."
        : `Readers and writers of ${name} wait from the moment this asks for its ACCESS EXCLUSIVE lock until the file's ` +
          "transaction ends; it gets the lock only when every query that runs there has ended.",
      safeForm: proof === null || attach === null ? null : writeSafeForm([
        ...proof.before,
        { title: "create it and attach it", sql: [attach, ...proof.after].join("\n"), noTransaction: false },
      ]),
      fix: null,
    }];
  },
};

const NOTHING_TO_PROVE: Proof = { before: [], after: [] };

function parentRange({ inhRelations }: CreateStmt) {
  const [parent] = inhRelations ?? [];
  return parent !== undefined && "RangeVar" in parent ? parent.RangeVar : null;
}

/**
 * CREATE TABLE (LIKE …) and ATTACH PARTITION; null for what cannot be said so: options of columns, which LIKE would give
 * twice. What stands behind the bound stays. A partition takes its identity columns from its parent, and may bring none.
 */
function attachForm(statement: Statement & { readonly kind: "CreateStmt" }): string | null {
  const { relation, tableElts = [] } = statement.node;
  const parent = parentRange(statement.node);
  const word = keyword(statement, ["partition"]);
  const own = relation === undefined ? null : nameSpan(statement, relation);
  const ofName = parent === null ? null : nameSpan(statement, parent);
  if (word === null || own === null || ofName === null || !tableElts.every((node) => "Constraint" in node)) return null;
  const bound = boundSpan(statement, ofName.end);
  if (bound === null) return null;
  const slice = (start: number, end: number) => textOf(statement, { start, end }).trim();
  const elements = ownTokens(statement, ofName.end)[0];
  const extra = elements !== undefined && textOf(statement, elements) === "("
    ? `, ${slice(elements.end, bound.start).replace(/\)$/, "").trim()}`
    : "";
  // Without IF NOT EXISTS: a table that is there already would be attached twice.
  const create = slice(statement.start, own.start).replace(/\s+IF\s+NOT\s+EXISTS$/i, "");
  const like = `(LIKE ${relationName(parent!)} INCLUDING ALL EXCLUDING IDENTITY${extra})`;
  const rest = slice(bound.end, statement.end);
  return `${create} ${slice(own.start, own.end)} ${like}${rest === "" ? "" : ` ${rest}`};
ALTER TABLE ${relationName(parent!)} ATTACH PARTITION ${slice(own.start, own.end)} ${slice(bound.start, bound.end)};`;
}
