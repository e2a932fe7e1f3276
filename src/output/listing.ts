/** The migrations that `status` and `verify` list. */

import type { Edit, MigrationListed, State, Unfinished } from "../events.ts";
import { escapeLine, escapeSourceLine } from "./escape.ts";
import { redact } from "./redact.ts";
import type { Style } from "./style.ts";
import { padTo, textWidth } from "./width.ts";
import { count, time } from "./wording.ts";

const STATE_WORDS: Readonly<Record<State, string>> = {
  applied: "applied",
  pending: "pending",
  edited: "edited",
  missing: "missing",
  out_of_order: "out of order",
  unrecorded: "unrecorded",
  unfinished: "unfinished",
};

const STATE_COLUMNS = Math.max(...Object.values(STATE_WORDS).map((word) => word.length));

const EDIT_SENTENCES: Readonly<Record<Edit["kind"], string>> = {
  "comments-or-white-space": "only comments or white space changed",
  sql: "the SQL changed",
  data: "the data of COPY changed",
  unknown: "what changed is not known: the database does not have the text that was applied",
  unparsed: "what changed is not known: the text cannot be parsed",
};

/** Of a long difference, only the beginning is shown. */
const MOST_CHANGED_LINES = 20;

/** `status`: one line a migration, in columns. */
export function statusLines(migrations: readonly MigrationListed[], style: Style): readonly string[] {
  const width = migrations.reduce((widest, { name }) => Math.max(widest, textWidth(escapeLine(name))), 0);
  return migrations.map((migration) => {
    const notes = [migration.appliedAt === null ? "" : time(migration.appliedAt), ...remarks(migration)].filter(
      Boolean,
    );
    const name = escapeLine(migration.name);
    return `${stateCell(migration.state, style)}  ${notes.length === 0 ? name : padTo(name, width)}  ${
      notes.join("  ")
    }`
      .trimEnd();
  });
}

/** `verify`: one migration that is not as it was applied, with the lines that changed. */
export function verifyLines(migration: MigrationListed, style: Style): readonly string[] {
  const { state, edit } = migration;
  const notes = [...(edit === undefined ? [] : [EDIT_SENTENCES[edit.kind]]), ...remarks(migration)];
  const name = escapeLine(migration.name);
  const cell = state === "applied" && migration.renamedFrom !== undefined
    ? style.yellow("renamed".padEnd(STATE_COLUMNS))
    : stateCell(state, style);
  const first = `${cell}  ${notes.length === 0 ? name : `${name}: ${notes.join("; ")}`}`;
  return [first, ...changedLines(edit, style)];
}

/** `verify --restore`: one file that it wrote. */
export function restoredLine(file: string, style: Style): string {
  return `${style.green("restored".padEnd(STATE_COLUMNS))}  ${escapeLine(file)}`;
}

/** What an edited file's difference is, in words. */
export function editSentence(edit: Edit | undefined): string {
  return EDIT_SENTENCES[edit?.kind ?? "unknown"];
}

function changedLines(edit: Edit | undefined, style: Style): readonly string[] {
  const lines = edit?.lines ?? [];
  const shown = lines.slice(0, MOST_CHANGED_LINES).map(({ kind, text }) => {
    const line = `${kind === "removed" ? "-" : "+"}  ${escapeSourceLine(redact(text))}`.trimEnd();
    return `  ${kind === "removed" ? style.red(line) : style.green(line)}`;
  });
  const rest = lines.length - shown.length;
  return rest === 0 ? shown : [...shown, `  … and ${count(rest, "more changed line")}`];
}

function remarks({ renamedFrom, unfinished }: MigrationListed): readonly string[] {
  return [
    ...(renamedFrom === undefined ? [] : [`applied as ${escapeLine(renamedFrom)}`]),
    ...(unfinished === undefined ? [] : [unfinishedSentence(unfinished)]),
  ];
}

/** `2 of 5 statements done, stopped at line 4: division by zero [22012]` */
export function unfinishedSentence({ statementsDone, statementsTotal, line, failure, pid }: Unfinished): string {
  const done = statementsTotal === null
    ? "it is not known how much of it was done"
    : `${statementsDone} of ${count(statementsTotal, "statement")} done`;
  const where = line === null ? "" : ` at line ${line}`;
  if (pid !== null) return `${done}, running${where}: pid ${pid}`;
  return `${done}, stopped${where}${failure === null ? "" : `: ${escapeLine(redact(failure))}`}`;
}

function stateCell(state: State, style: Style): string {
  const word = STATE_WORDS[state].padEnd(STATE_COLUMNS);
  switch (state) {
    case "applied":
      return style.green(word);
    case "pending":
    case "unrecorded":
      return style.yellow(word);
    default:
      return style.red(word);
  }
}
