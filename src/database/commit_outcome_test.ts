import assert from "node:assert/strict";
import { type CommitOutcome, commitOutcome } from "./commit_outcome.ts";
import type { Database } from "./database.ts";
import { ServerError, type ServerFacts, type Session } from "./session.ts";
import { identifier } from "./sql.ts";

const FACTS: ServerFacts = {
  versionNumber: 150_000,
  inRecovery: false,
  readOnlyByDefault: false,
  startedAt: "1",
  systemIdentifier: "7",
  schema: "public",
  watchesClient: true,
  idlesOut: false,
  serverPid: 1,
};

interface Answer {
  readonly facts?: Partial<ServerFacts>;
  readonly status?: string;
  readonly recorded?: boolean;
  /** The SQLSTATE with which the question is refused. */
  readonly sqlstate?: string;
}

/** A database that answers each new session's question with the next of some answers. */
async function ask(answers: readonly Answer[], facts: Partial<ServerFacts> = {}): Promise<CommitOutcome> {
  let next = 0;
  const database: Pick<Database, "openAnywhere"> = {
    openAnywhere() {
      const answer = answers[next++];
      assert(answer !== undefined, "asked more often than expected");
      const session: Pick<Session, "facts" | "query"> & AsyncDisposable = {
        facts: { ...FACTS, ...answer.facts },
        query() {
          const { sqlstate, status = null, recorded } = answer;
          if (sqlstate !== undefined) {
            return Promise.reject(new ServerError({ severity: "ERROR", sqlstate, message: "refused" }));
          }
          return Promise.resolve([{ status, recorded: recorded ? "t" : "f" }]);
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
      return Promise.resolve(session as Session);
    },
  };
  const tables = { applied: identifier("applied"), unfinished: identifier("unfinished") };
  const sent = { xact: "1000", version: 1n, tables, facts: { ...FACTS, ...facts } };
  const outcome = await commitOutcome(database as Database, sent, new AbortController().signal);
  assert.equal(next, answers.length, "every answer was asked for");
  return outcome;
}

const FAILED_OVER = { startedAt: "2" };

Deno.test("commitOutcome() believes the number of a transaction together with its row", async () => {
  assert.equal(await ask([{ status: "committed", recorded: true }]), "committed");
  assert.equal(await ask([{ status: "aborted", recorded: false }]), "aborted");
});

Deno.test("commitOutcome() asks again while the transaction is in progress, or committed and not yet to be seen", async () => {
  const answers = [
    { status: "in progress" },
    { status: "committed", recorded: false },
    { status: "committed", recorded: true },
  ];
  assert.equal(await ask(answers), "committed");
});

Deno.test("commitOutcome() believes a server that was restarted or promoted, which shares the history", async () => {
  assert.equal(await ask([{ facts: FAILED_OVER, status: "committed", recorded: true }]), "committed");
  assert.equal(await ask([{ facts: FAILED_OVER, status: "aborted" }]), "aborted");
});

Deno.test("commitOutcome() takes a number for another transaction's where the promoted server has no row", async () => {
  assert.equal(await ask([{ facts: FAILED_OVER, status: "committed", recorded: false }]), "aborted");
});

Deno.test("commitOutcome() takes a transaction for lost that the promoted server has not come to", async () => {
  assert.equal(await ask([{ facts: FAILED_OVER, sqlstate: "22023" }]), "aborted");
  assert.equal(await ask([{ facts: FAILED_OVER, sqlstate: "42P01" }]), "aborted");
});

Deno.test("commitOutcome() believes no server of another history, nor one that cannot be told from such", async () => {
  const stranger = { systemIdentifier: "8", startedAt: "2" };
  assert.equal(await ask([{ facts: stranger, status: "committed", recorded: true }]), "unknown");
  const unknown = { systemIdentifier: null };
  assert.equal(await ask([{ facts: { ...unknown, ...FAILED_OVER }, status: "committed" }], unknown), "unknown");
  assert.equal(await ask([{ facts: unknown, status: "committed", recorded: true }], unknown), "committed");
});
