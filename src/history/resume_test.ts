import assert from "node:assert/strict";
import type { StatementEffect } from "../sql/statement_effect.ts";
import type { UnfinishedRow } from "./compare.ts";
import { decideResumption, type FileNow } from "./resume.ts";

const ATOMIC: StatementEffect = { kind: "atomic" };
const TEMPORARY: StatementEffect = { kind: "atomic", makesTemporary: "t" };
const BUILD: StatementEffect = { kind: "build-index", schema: null, name: "i", table: "t" };
const UNNAMED: StatementEffect = { ...BUILD, name: null };
const OPAQUE: StatementEffect = { kind: "opaque" };

const ROW: UnfinishedRow = {
  version: 1n,
  name: "1_a.sql",
  startedAt: new Date(0),
  statementsDone: 1,
  statementsTotal: 2,
  statementSent: null,
  failure: null,
  checksum: "c0ffee",
  xact: "731",
  attempt: 1,
};

const FILE: FileNow = { checksum: "c0ffee", noTransaction: true, effects: [ATOMIC, ATOMIC], editedDone: null };

interface Case {
  readonly title: string;
  readonly row?: Partial<UnfinishedRow>;
  readonly file?: Partial<FileNow>;
  readonly retry?: boolean;
  /** The kind, and the question or reason. */
  readonly expected: string;
}

const next = (effect: StatementEffect) => ({ effects: [ATOMIC, effect] });

const CASES: readonly Case[] = [
  { title: "begins again what was claimed and not begun", row: { statementsDone: 0 }, expected: "begin-again" },
  {
    title: "begins again what was not begun, also when it was edited into a transaction",
    row: { statementsDone: 0 },
    file: { checksum: "other", noTransaction: false },
    expected: "begin-again",
  },
  { title: "asks about what is half-way", expected: "ask half-way" },
  { title: "asks about a CALL that was not sent", file: next(OPAQUE), expected: "ask half-way" },
  {
    title: "asks about a CALL that was sent",
    row: { statementSent: 2 },
    file: next(OPAQUE),
    expected: "ask uncertain",
  },
  {
    title: "asks about a CALL that was sent, be it the first",
    row: { statementSent: 1, statementsDone: 0 },
    file: { effects: [OPAQUE] },
    expected: "ask uncertain",
  },
  {
    title: "asks about a statement that a server would not run in a transaction",
    row: { statementSent: 2 },
    expected: "ask uncertain",
  },
  { title: "goes on with an index that has a name", row: { statementSent: 2 }, file: next(BUILD), expected: "go-on" },
  {
    title: "asks about an index without a name that was sent",
    row: { statementSent: 2 },
    file: next(UNNAMED),
    expected: "ask uncertain",
  },
  { title: "goes on with an index without a name that was not sent", file: next(UNNAMED), expected: "go-on" },
  {
    title: "goes on with REINDEX, DROP INDEX and VACUUM",
    row: { statementSent: 2 },
    file: next({ kind: "repeatable" }),
    expected: "go-on",
  },
  { title: "goes on where only the record lacks", row: { statementsDone: 2 }, expected: "go-on" },
  {
    title: "asks where a temporary table went with its session, though the next statement tells itself",
    row: { statementSent: 2 },
    file: { effects: [TEMPORARY, BUILD] },
    expected: "ask temporary",
  },
  {
    title: "asks where a temporary table went with its session, when told to go on too, and when edited",
    file: { effects: [TEMPORARY, ATOMIC], checksum: "other" },
    retry: true,
    expected: "ask temporary",
  },
  {
    title: "goes on where only the record lacks, whatever was temporary",
    row: { statementsDone: 2 },
    file: { effects: [TEMPORARY, ATOMIC] },
    expected: "go-on",
  },
  {
    title: "begins again where the temporary table is still to be made",
    row: { statementsDone: 0 },
    file: { effects: [TEMPORARY, ATOMIC] },
    expected: "begin-again",
  },
  { title: "asks about an edited file", file: { checksum: "other" }, expected: "ask edited" },
  { title: "goes on with an edited file when told to", file: { checksum: "other" }, retry: true, expected: "go-on" },
  {
    title: "does not go on where a done statement was edited",
    file: { checksum: "other", editedDone: 0 },
    retry: true,
    expected: "cannot done-part-edited",
  },
  { title: "goes on with what is half-way when told to", retry: true, expected: "go-on" },
  { title: "asks about what was not parsed", file: { effects: null }, expected: "ask unknown" },
  {
    title: "asks about a file that ended its transaction",
    row: { statementsDone: 0, statementsTotal: null },
    file: { noTransaction: false },
    expected: "ask unknown",
  },
  {
    title: "runs a file that ended its transaction again when told to",
    row: { statementsDone: 0, statementsTotal: null },
    file: { noTransaction: false },
    retry: true,
    expected: "begin-again",
  },
  {
    title: "does not go on in a transaction with what was half done without one",
    file: { checksum: "other", noTransaction: false },
    retry: true,
    expected: "cannot runs-in-transaction",
  },
];

for (const { title, row = {}, file = {}, retry = false, expected } of CASES) {
  Deno.test(`decideResumption() ${title}`, () => {
    const decided = decideResumption({ ...ROW, ...row }, { ...FILE, ...file }, retry);
    const why = decided.kind === "ask" ? ` ${decided.question}` : decided.kind === "cannot" ? ` ${decided.reason}` : "";
    assert.equal(decided.kind + why, expected);
  });
}
