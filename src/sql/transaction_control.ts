/**
 * Whether a file's statements can run as pgmigrate runs them, decided before anything is sent.
 *
 * A file runs in one transaction together with its tracker row, so it must not end that transaction. Many files carry
 * their own `BEGIN; … COMMIT;` around everything: that pair means just what pgmigrate does, so it is taken as it is meant.
 */

import { blanked } from "./blanked.ts";
import type { Failure, Place } from "../errors/failure.ts";
import {
  chainedTransaction,
  copyToStdout,
  needsDirective,
  ownTransaction,
  preparedTransaction,
  transactionLeftOpen,
  transactionOptions,
} from "../errors/sql.ts";
import { largeObjectBlocks } from "./large_objects.ts";
import { optionText } from "./option_values.ts";
import { needsNoTransaction } from "./outside_transaction.ts";
import type { Statement } from "./parser.ts";
import { placeInFile, type SqlFile } from "./sql_file.ts";

export interface Refused {
  readonly kind: "refused";
  readonly failure: Failure;
}

/** A file to be sent as one message inside pgmigrate's transaction. */
export interface OneMessage {
  readonly kind: "one-message";
  /** The file's text, with spaces where a BEGIN … COMMIT pair stood: as many characters and lines as before. */
  readonly text: string;
  /** The statements that the server will see, in order: the n-th CommandComplete belongs to the n-th of them. */
  readonly statements: readonly Statement[];
}

/** A statement of a file that runs outside a transaction. */
export interface Step {
  readonly statement: Statement;
  /** Whether what was done is committed after it: no BEGIN of the file's own is open. */
  readonly checkpoint: boolean;
}

/** A file to be sent one statement a message. */
export interface ManyMessages {
  readonly kind: "many-messages";
  readonly steps: readonly Step[];
}

type TransactionStatement = Extract<Statement, { readonly kind: "TransactionStmt" }>;

/**
 * How a file runs inside pgmigrate's transaction.
 *
 * SAVEPOINT, RELEASE and ROLLBACK TO are fine, and so are the blocks in which pg_dump writes large objects. BEGIN with options is refused unless they are what pgmigrate's
 * transaction has anyway (READ COMMITTED, READ WRITE, NOT DEFERRABLE): the record of the migration is written before the
 * file runs, when the isolation level can no longer change, and dropping the wish silently would be worse.
 */
export function inOneTransaction(file: SqlFile, statements: readonly Statement[]): OneMessage | Refused {
  const [first, last] = [statements[0], statements.at(-1)];
  const paired = first !== undefined && last !== undefined && first !== last && opens(first) && commits(last);
  const blocks = largeObjectBlocks(statements);
  const inner = (paired ? statements.slice(1, -1) : statements).filter((statement) => !blocks.has(statement));
  const earlier: Statement[] = [];
  for (const statement of inner) {
    const rest = { others: inner.length - 1, paired };
    const failure = copyFailure(file, statement) ?? outsideFailure({ ...file, ...rest }, statement, earlier) ??
      controlFailure({ ...file, ...rest }, statement);
    if (failure !== null) return { kind: "refused", failure };
    earlier.push(statement);
  }
  const wish = paired ? unusualOption(first as TransactionStatement) : null;
  if (wish !== null) return { kind: "refused", failure: transactionOptions(place(file, first!), wish) };
  const outer = paired ? [first, last] : [];
  const text = blanked(file.text, statements.filter((statement) => blocks.has(statement) || outer.includes(statement)));
  return { kind: "one-message", text, statements: inner };
}

/**
 * How a file with the directive `no-transaction` runs. Its own BEGIN … COMMIT blocks run as they are written; a block
 * that is still open at the end is refused, since it would be rolled back while the file counts as applied.
 */
export function oneByOne(file: SqlFile, statements: readonly Statement[]): ManyMessages | Refused {
  let open: Statement | null = null;
  const steps: Step[] = [];
  for (const statement of statements) {
    const failure = copyFailure(file, statement);
    if (failure !== null) return { kind: "refused", failure };
    if (statement.kind === "TransactionStmt") {
      if (statement.node.kind === "TRANS_STMT_PREPARE") {
        return { kind: "refused", failure: preparedTransaction(place(file, statement)) };
      }
      if (statement.node.kind === "TRANS_STMT_COMMIT" && statement.node.chain === true) {
        return { kind: "refused", failure: chainedTransaction(place(file, statement)) };
      }
      if (opens(statement)) open ??= statement;
      else if (ends(statement)) open = null;
    }
    steps.push({ statement, checkpoint: open === null });
  }
  if (open !== null) return { kind: "refused", failure: transactionLeftOpen(place(file, open)) };
  return { kind: "many-messages", steps };
}

/** The BEGIN and COMMIT around a whole file that mean what pgmigrate does anyway; null where there are none. */
export function outerPair(statements: readonly Statement[]): readonly [begin: Statement, commit: Statement] | null {
  const [first, last] = [statements[0], statements.at(-1)];
  if (first === undefined || last === undefined || first === last || !opens(first) || !commits(last)) return null;
  return unusualOption(first as TransactionStatement) === null ? [first, last] : null;
}

function opens({ kind, node }: Statement): boolean {
  return kind === "TransactionStmt" && (node.kind === "TRANS_STMT_BEGIN" || node.kind === "TRANS_STMT_START");
}

/** COMMIT or END. COMMIT AND CHAIN does not count: it begins another transaction. */
function commits({ kind, node }: Statement): boolean {
  return kind === "TransactionStmt" && node.kind === "TRANS_STMT_COMMIT" && node.chain !== true;
}

function ends({ node }: TransactionStatement): boolean {
  return (node.kind === "TRANS_STMT_COMMIT" || node.kind === "TRANS_STMT_ROLLBACK") && node.chain !== true;
}

function copyFailure(file: SqlFile, statement: Statement): Failure | null {
  if (statement.kind !== "CopyStmt") return null;
  const { filename, is_from: isFrom, is_program: isProgram } = statement.node;
  return filename !== undefined || isProgram || isFrom ? null : copyToStdout(place(file, statement));
}

/** A file with how many more statements it has, and whether a BEGIN … COMMIT of its own stands around them. */
interface WholeFile extends SqlFile {
  readonly others: number;
  readonly paired: boolean;
}

function outsideFailure(file: WholeFile, statement: Statement, earlier: readonly Statement[]): Failure | null {
  const name = needsNoTransaction(statement, earlier);
  return name === null ? null : needsDirective(place(file, statement), name, file);
}

function controlFailure(file: WholeFile, statement: Statement): Failure | null {
  if (statement.kind !== "TransactionStmt") return null;
  switch (statement.node.kind) {
    case "TRANS_STMT_SAVEPOINT":
    case "TRANS_STMT_RELEASE":
    case "TRANS_STMT_ROLLBACK_TO":
      return null;
    case "TRANS_STMT_PREPARE":
      return preparedTransaction(place(file, statement));
    case "TRANS_STMT_COMMIT_PREPARED":
      return needsDirective(place(file, statement), "COMMIT PREPARED", file);
    case "TRANS_STMT_ROLLBACK_PREPARED":
      return needsDirective(place(file, statement), "ROLLBACK PREPARED", file);
    default:
      return ownTransaction(place(file, statement), words(statement));
  }
}

/** An option of BEGIN that pgmigrate's transaction has not, as it is written in the file; null where there is none. */
function unusualOption({ node, text }: TransactionStatement): string | null {
  const usual: Readonly<Record<string, string>> = {
    transaction_isolation: "read committed",
    transaction_read_only: "0",
    transaction_deferrable: "0",
  };
  for (const option of node.options ?? []) {
    if (!("DefElem" in option)) continue;
    const { defname = "" } = option.DefElem;
    // READ UNCOMMITTED is READ COMMITTED in PostgreSQL.
    const value = optionText(option.DefElem)?.replace("uncommitted", "committed");
    if (value !== usual[defname]) return text.replaceAll(/\s+/g, " ");
  }
  return null;
}

/** The statement's own words in upper case, for a message. */
function words({ text }: Statement): string {
  return text.replaceAll(/\/\*.*?\*\/|--.*/gs, " ").trim().replaceAll(/\s+/g, " ").toUpperCase();
}

function place(file: SqlFile, { start }: Statement): Place {
  return placeInFile(file, start);
}
