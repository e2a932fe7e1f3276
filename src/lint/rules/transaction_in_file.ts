import { largeObjectBlocks } from "../../sql/large_objects.ts";
import type { Statement } from "../../sql/parser.ts";
import { outerPair } from "../../sql/transaction_control.ts";
import type { LintedFile, Problem, Rule } from "../rule.ts";
import { writeSafeForm } from "../safe_form.ts";

/** A longer safe form is not written out. */
const LONGEST_LINES = 60;

export const transactionInFile: Rule = {
  id: "transaction-in-file",
  severity: "error",
  fires: "BEGIN, COMMIT and ROLLBACK in a file that runs in a transaction",
  why:
    "pgmigrate runs a file in one transaction together with the row that records it. A COMMIT in the file ends that " +
    "transaction half-way, and nobody knows then how much of the file is in the database: up refuses the file. One " +
    "BEGIN … COMMIT around the whole file does no harm and no good.",
  instead: "Take BEGIN and COMMIT out. To commit in between, split the file at the COMMIT into several migrations.",
  source: "https://www.postgresql.org/docs/current/tutorial-transactions.html",
  examples: [
    {
      before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
      bad: `UPDATE posts SET title = 'untitled' WHERE title IS NULL;
COMMIT;
COMMENT ON COLUMN posts.title IS 'never NULL';`,
      good: [
        "UPDATE posts SET title = 'untitled' WHERE title IS NULL;",
        "COMMENT ON COLUMN posts.title IS 'never NULL';",
      ],
    },
    {
      before: [],
      bad: "BEGIN;\nCREATE TABLE posts (id bigint PRIMARY KEY);\nCOMMIT;",
      good: ["CREATE TABLE posts (id bigint PRIMARY KEY);"],
    },
  ],
  check: ({ statement }, file) => {
    if (statement.kind !== "TransactionStmt") return [];
    return file.directives.noTransaction ? outside(statement) : inside(statement, file);
  },
};

type TransactionStatement = Statement & { readonly kind: "TransactionStmt" };

function inside(statement: TransactionStatement, file: LintedFile): readonly Problem[] {
  switch (statement.node.kind) {
    case "TRANS_STMT_SAVEPOINT":
    case "TRANS_STMT_RELEASE":
    case "TRANS_STMT_ROLLBACK_TO":
    // These two cannot run in a transaction, whose rule is another one.
    case "TRANS_STMT_COMMIT_PREPARED":
    case "TRANS_STMT_ROLLBACK_PREPARED":
      return [];
    case "TRANS_STMT_PREPARE":
      return [prepared()];
  }
  if (largeObjectBlocks(file.statements).has(statement)) return [];
  if (outerPair(file.statements)?.includes(statement)) return [redundant(statement)];
  const words = wordsOf(statement);
  return [{
    message: `${words} ends or begins the transaction that holds this file and the row that records it, so that a ` +
      "failure below it no longer takes back all of the file. pgmigrate up refuses the file.",
    safeForm: split(file),
    fix: null,
  }];
}

/** The file as the migrations that its transactions would be; null where that is too long to be read. */
function split({ statements, text }: LintedFile): string | null {
  const parts: Statement[][] = [[]];
  for (const statement of statements) {
    if (statement.kind === "TransactionStmt") parts.push([]);
    else parts.at(-1)!.push(statement);
  }
  const files = parts.filter((part) => part.length > 0).map((part, index) => ({
    title: index === 0 ? "this file" : "what comes next",
    sql: `${text.slice(part[0]!.start, part.at(-1)!.end)};`,
    noTransaction: false,
  }));
  const safeForm = writeSafeForm(files);
  return files.length === 0 || safeForm.split("\n").length > LONGEST_LINES ? null : safeForm;
}

function redundant(statement: TransactionStatement): Problem {
  return {
    severity: "info",
    message:
      `pgmigrate runs this file in one transaction anyway, so ${wordsOf(statement)} is not needed. A statement ` +
      "that somebody writes below the COMMIT one day makes the file one that up refuses.",
    safeForm: null,
    fix: { statement: null, noTransaction: false, next: [] },
  };
}

function outside({ node }: TransactionStatement): readonly Problem[] {
  if (node.kind === "TRANS_STMT_PREPARE") return [prepared()];
  if (node.kind !== "TRANS_STMT_COMMIT" || node.chain !== true) return [];
  return [{
    message:
      "COMMIT AND CHAIN begins the next transaction at once, so that the file has no point at which it could go " +
      "on after a failure. pgmigrate up refuses the file.",
    safeForm: "COMMIT;\nBEGIN;",
    fix: { statement: "COMMIT;\nBEGIN", noTransaction: false, next: [] },
  }];
}

function prepared(): Problem {
  return {
    message: "PREPARE TRANSACTION leaves the migration neither done nor undone, with all of its locks held, until " +
      "somebody commits it by hand. pgmigrate up refuses the file.",
    safeForm: null,
    fix: null,
  };
}

/** `BEGIN ISOLATION LEVEL SERIALIZABLE`: the statement's own words in upper case. */
function wordsOf({ text }: Statement): string {
  return text.replaceAll(/\/\*.*?\*\/|--[^\r\n]*/gs, " ").trim().replaceAll(/\s+/g, " ").toUpperCase();
}
