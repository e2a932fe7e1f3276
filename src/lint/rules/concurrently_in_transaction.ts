import { resolveRelation } from "../../catalog/resolve.ts";
import { needsNoTransaction } from "../../sql/outside_transaction.ts";
import type { Statement } from "../../sql/parser.ts";
import { isInUse } from "../in_use.ts";
import { ownMigration, qualifyingEdits } from "../own_migration.ts";
import type { LintedFile, LintedStatement, Problem, Rule } from "../rule.ts";
import { runsInTransaction } from "../same_transaction.ts";
import { keyword, withEdits } from "../text_edits.ts";
import { concurrentIfNotExists } from "./concurrent_if_not_exists.ts";
import { concurrentlyRefused } from "./concurrently_refused.ts";
import { reindexNonconcurrent } from "./reindex_nonconcurrent.ts";
import { vacuumFull } from "./vacuum_full.ts";

export const concurrentlyInTransaction: Rule = {
  id: "concurrently-in-transaction",
  severity: "error",
  fires: "CREATE INDEX CONCURRENTLY, VACUUM, CREATE DATABASE and the like in a file that runs in a transaction",
  why:
    "These statements commit on their way, so the server refuses them in a transaction (25001). pgmigrate runs a file in " +
    "one unless it says otherwise, and up refuses the file before anything runs.",
  instead: "Put the statement into a file of its own, and make `-- pgmigrate: no-transaction` its first line.",
  source: "https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
  examples: [
    {
      before: ["CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint);"],
      bad: "CREATE INDEX CONCURRENTLY posts_user_id_idx ON posts (user_id);",
      badFails: "25001",
      good: ["-- pgmigrate: no-transaction\nCREATE INDEX CONCURRENTLY posts_user_id_idx ON posts (user_id);"],
    },
    {
      before: [],
      bad: `CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX CONCURRENTLY posts_user_id_idx ON posts (user_id);`,
      badFails: "25001",
      good: [
        `CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX posts_user_id_idx ON posts (user_id);`,
      ],
    },
  ],
  check: (linted, file) => {
    const name = outsideOnly(linted.statement, file);
    if (name === null || !runsInTransaction(file)) return [];
    const problem = onNewTable(linted, { file, name }) ?? moved(linted, { file, name });
    // In a file of its own it would fail all the same.
    const [refused] = concurrentlyRefused.check(linted, file);
    if (refused !== undefined) return [{ ...problem, safeForm: refused.safeForm, fix: null }];
    // Where the statement has another mistake, the safe form is without either.
    const other =
      [concurrentIfNotExists, reindexNonconcurrent, vacuumFull].flatMap((rule) => rule.check(linted, file))[0];
    return [{ ...problem, safeForm: other?.safeForm ?? problem.safeForm, fix: other?.fix ?? problem.fix }];
  },
};

interface Named {
  readonly file: LintedFile;
  /** What it is called: `CREATE INDEX CONCURRENTLY`. */
  readonly name: string;
}

function outsideOnly(statement: Statement, { earlier }: LintedFile): string | null {
  if (statement.kind === "TransactionStmt") {
    if (statement.node.kind === "TRANS_STMT_COMMIT_PREPARED") return "COMMIT PREPARED";
    return statement.node.kind === "TRANS_STMT_ROLLBACK_PREPARED" ? "ROLLBACK PREPARED" : null;
  }
  // Only of a subscription it matters what came before.
  const before = statement.kind === "DropSubscriptionStmt" ? earlier.map((one) => one.statement) : [];
  return needsNoTransaction(statement, before);
}

/** Nobody can wait for a table that is made in the same transaction, so that CONCURRENTLY has no use there. */
function onNewTable({ statement, catalog }: LintedStatement, { file, name }: Named): Problem | null {
  if (statement.kind !== "IndexStmt" || file.directives.noTransaction) return null;
  const table = resolveRelation(catalog, statement.node.relation ?? {});
  const word = keyword(statement, ["concurrently"]);
  if (table === null || isInUse(table, file) || word === null) return null;
  const sql = withEdits(statement, [{ start: word.start - 1, end: word.end, text: "" }]);
  return {
    message: `${
      refused(name)
    } The table is made in this file, so nobody waits for its lock: a plain CREATE INDEX will do.`,
    safeForm: `${sql};`,
    fix: { statement: sql, noTransaction: false, next: [] },
  };
}

function moved({ statement, catalog }: LintedStatement, { file, name }: Named): Problem {
  const block = file.directives.noTransaction;
  const relation = "relation" in statement.node ? statement.node.relation : undefined;
  const range = relation !== undefined && "relname" in relation ? relation : undefined;
  const sql = withEdits(statement, qualifyingEdits({ statement, catalog }, { file, relations: [range] }));
  const index = statement.kind === "IndexStmt" ? statement.node.idxname : undefined;
  const names = [index, range?.relname].filter((one) => one !== undefined);
  const title = [name.toLowerCase().replaceAll(/[^a-z ]+/g, ""), ...names.slice(0, 1)].join(" ");
  return {
    message: block ? `${refused(name)} Take it out of the BEGIN … COMMIT.` : refused(name),
    ...ownMigration({ sql, title, names }, { statement, file }),
  };
}

function refused(name: string): string {
  return `The server refuses ${name} in a transaction, and so this file does not run.`;
}
