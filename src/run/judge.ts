/** One statement of a migration as `plan` and `rehearse` report it. */

import { type Catalog, qualified } from "../catalog/catalog.ts";
import type { RunningTransaction, Usage } from "../database/usage.ts";
import type { StatementJudged } from "../events.ts";
import type { Impact, LockMode, WholePass } from "../impact/impact.ts";
import { conflicts, isLockMode } from "../impact/lock_conflicts.ts";
import { commandTag } from "../sql/command_tag.ts";
import type { Statement } from "../sql/parser.ts";
import { spanInFile } from "../sql/span_in_file.ts";
import type { SqlFile } from "../sql/sql_file.ts";
import { Family, isExisting, touchedRelations } from "./touched_relations.ts";
import { type HeldLock, type InTheWay, type Pass, verdictOf, type WrittenRows } from "./verdict.ts";
import { spanWords, who } from "./wait_words.ts";
import type { Work } from "./work_estimate.ts";

/** A statement with all that is known about it. */
export interface StatementFacts {
  readonly version: bigint;
  /** The file's name. */
  readonly name: string;
  readonly sql: SqlFile;
  readonly statement: Statement;
  /** As predicted, or as measured. */
  readonly impact: Impact;
  /** The database as it is before the statement. Relations that the run has made have `madeBy`. */
  readonly catalog: Catalog;
  /** As it was before the run. */
  readonly usage: Usage;
  /** Locks of earlier statements of the same transaction. */
  readonly held: readonly HeldLock[];
  /** Rows that it writes; null for a statement that writes none, or where that does not matter. */
  readonly writes: WrittenRows | null;
  /** Whether it changes its rows in batches and commits each. */
  readonly commits: boolean;
}

/**
 * The event that says what the statement does, to whom, and how bad that is.
 *
 * @returns with it, for how many seconds the statement is at work by estimate; null where nobody can say
 */
export function judge(facts: StatementFacts): { readonly event: StatementJudged; readonly seconds: number | null } {
  const { version, name, sql, statement, impact, usage, commits } = facts;
  const family = new Family(facts.catalog);
  const existing = existingOnly(impact, family);
  const rewrites = existing.rewrites.map(({ relation }) => qualified(relation));
  const { verdict, reason, seconds } = verdictOf({
    locks: existing.locks.map(({ relation, mode }) => ({ relation: qualified(relation), mode })),
    held: facts.held,
    passes: passesOf(statement, existing, family),
    writes: facts.writes,
    inTheWay: [...inTheWayOf(existing, usage), ...olderTransactions(statement, existing, usage)],
    commits,
    unknown: impact.unknown,
  });
  const event = {
    event: "statement" as const,
    version,
    name,
    span: spanInFile(sql, statement),
    statement: commandTag(statement),
    verdict,
    reason,
    locks: tablesFirst(existing.locks, family).map(({ relation, mode }) => ({ relation: qualified(relation), mode })),
    // What is written anew is read by the same pass.
    scans: existing.scans.map(({ relation }) => qualified(relation)).filter((name) => !rewrites.includes(name)),
    rewrites,
    unknown: impact.unknown ?? (commits ? BATCHES_UNKNOWN : null),
    relations: touchedRelations(existing, { family, usage }),
  };
  return { event, seconds };
}

/** What is known of its locks is all that decides; for whoever reads on, it is not everything. */
const BATCHES_UNKNOWN = "How often its statements run, and what they read on their way, shows when it runs";

/** Without the relations that the run itself has made. */
function existingOnly(impact: Impact, family: Family): Impact {
  const exists = ({ relation }: { readonly relation: Impact["locks"][number]["relation"] }) =>
    isExisting(family.find(qualified(relation)));
  return {
    locks: impact.locks.filter(exists),
    scans: impact.scans.filter(exists),
    rewrites: impact.rewrites.filter(exists),
    unknown: impact.unknown,
  };
}

/** The locks of indexes and sequences matter less to a reader than those of their tables. */
function tablesFirst(locks: Impact["locks"], family: Family): Impact["locks"] {
  const isBeside = ({ relation }: Impact["locks"][number]) => {
    const found = family.find(qualified(relation));
    return found !== null && (found.index !== null || found.kind === "sequence");
  };
  return [...locks.filter((lock) => !isBeside(lock)), ...locks.filter(isBeside)];
}

/** What is rewritten is read on the way; a table that is partitioned has nothing but its partitions. */
function passesOf(statement: Statement, impact: Impact, family: Family): readonly Pass[] {
  // The new files of TRUNCATE are empty, however much the old ones hold.
  if (statement.kind === "TruncateStmt") return [];
  const scanned: Work = buildsIndex(statement) ? "index" : "scan";
  const passes = new Map<string, Pass>();
  for (const [work, list] of [["rewrite", impact.rewrites], [scanned, impact.scans]] as const) {
    for (const pass of list) {
      const name = qualified(pass.relation);
      if (!passes.has(name)) passes.set(name, passOf(pass, { work, family }));
    }
  }
  return [...passes.values()].filter(({ relation }) => !isTold(relation, { passes, family }));
}

function passOf(
  { relation, reason, certain }: WholePass,
  { work, family }: { readonly work: Work; readonly family: Family },
): Pass {
  const found = family.find(qualified(relation))!;
  return {
    relation: qualified(relation),
    work: found.index !== null ? "index" : work,
    reason,
    certain,
    ...family.sizeOf(found, { withIndexes: work === "rewrite" && found.index === null }),
  };
}

/** Whether its own rows are those of others that are told too: its partitions, or the table of an index. */
function isTold(
  name: string,
  { passes, family }: { readonly passes: ReadonlyMap<string, Pass>; readonly family: Family },
): boolean {
  const relation = family.find(name)!;
  if (relation.index !== null) return passes.has(qualified(relation.index.table));
  return relation.kind === "partitioned-table" &&
    family.withDescendants(relation).slice(1).some((part) => passes.has(qualified(part)));
}

/** Whether what it reads goes into an index, which takes longer than a look at each row. */
function buildsIndex({ kind, node }: Statement): boolean {
  if (kind === "IndexStmt" || kind === "ReindexStmt") return true;
  if (kind !== "AlterTableStmt") return false;
  return (node.cmds ?? []).some((command) => {
    const def = "AlterTableCmd" in command ? command.AlterTableCmd.def : undefined;
    const constraint = def !== undefined && "Constraint" in def ? def.Constraint : undefined;
    const builds = ["CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION"].includes(constraint?.contype ?? "");
    return builds && constraint?.indexname === undefined;
  });
}

/** Whoever holds what excludes a lock that the statement takes. */
function inTheWayOf({ locks }: Impact, { holders }: Usage): readonly InTheWay[] {
  return locks.flatMap(({ relation, mode }) => {
    const name = qualified(relation);
    return holders
      .filter((holder) => holder.relation === name && isLockMode(holder.mode) && conflicts(mode, holder.mode))
      .flatMap((holder) => waitingFor(holder, { relation: name, mode }));
  });
}

/** CONCURRENTLY waits for every transaction that began before it, whatever that has to do with the table. */
function olderTransactions(statement: Statement, { locks }: Impact, { transactions }: Usage): readonly InTheWay[] {
  const [first] = locks;
  if (first === undefined || !isConcurrent(statement)) return [];
  const lock = { relation: qualified(first.relation), mode: first.mode };
  return transactions.flatMap((transaction) => waitingFor(transaction, lock));
}

function isConcurrent({ kind, node }: Statement): boolean {
  if (kind === "IndexStmt" || kind === "DropStmt") return node.concurrent === true;
  if (kind !== "ReindexStmt") return false;
  return (node.params ?? []).some((param) => "DefElem" in param && param.DefElem.defname === "concurrently");
}

function waitingFor(
  transaction: RunningTransaction,
  lock: { readonly relation: string; readonly mode: LockMode },
): readonly InTheWay[] {
  const { transactionSeconds, process, query } = transaction;
  // A deadlock_timeout later the server ends an autovacuum that is in the way, unless it is there against wraparound.
  const givesWay = process === "autovacuum worker" && !(query ?? "").includes("to prevent wraparound");
  if (givesWay || transactionSeconds === null) return [];
  const age = `, in a transaction of ${spanWords(transactionSeconds)}`;
  return [{ ...lock, who: `${who(transaction)}${age}`, seconds: transactionSeconds }];
}
