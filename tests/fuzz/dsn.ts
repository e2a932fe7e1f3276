/** Everything that names a database: URLs, name=value lists, environment variables, password files, service files. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseTarget } from "../../src/database/dsn.ts";
import { findPassword } from "../../src/database/passfile.ts";
import { Failure } from "../../src/errors/failure.ts";
import { parseEnvFile } from "../../src/cli/env_file.ts";
import { parseTableName } from "../../src/cli/table_name.ts";
import { fuzzed, longText, password, text } from "./fuzzed.ts";

type Environment = Readonly<Record<string, string>>;

/** Reads a target where every file that is asked for holds the same text. */
async function read(url: string | undefined, { env = {}, file }: { env?: Environment; file?: string }) {
  return await parseTarget({
    url,
    env: { USER: "u", HOME: "/h", ...env },
    files: {
      readText: () => Promise.resolve(file ?? ""),
      stat: () => Promise.resolve(file === undefined ? null : { isFile: true, mode: 0o600, owner: 0 }),
    },
    os: "other",
    warn: () => {},
  });
}

/** Runs something that may only throw a {@link Failure}, and gives that. */
async function failureOf(work: () => unknown): Promise<Failure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

function everything({ message, details }: Failure): string {
  return JSON.stringify([message, details]);
}

const VARIABLES = ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSSLMODE", "PGOPTIONS", "PGSERVICE", "PGHOSTADDR"];

const environment = fc.dictionary(fc.constantFrom(...VARIABLES), text, { maxKeys: 4 });

/** A text that names a database, with a password in a place where one belongs or has slipped. */
const withPassword = fc.tuple(password, text, text, fc.nat(9)).map(([secret, before, after, form]) => {
  const encoded = encodeURIComponent(secret);
  const url = [
    `postgres://u:${encoded}@h/d?${after}`,
    `postgres://u:${encoded}@${after}`,
    `postgres://u:${secret}@h/d`,
    `postgresql://${before}:${encoded}@h/d`,
    `host=h password='${secret}' ${after}`,
    `host=h password=${secret} ${after}`,
    `${before}password=${secret}`,
    `postgres://h/d?password=${encoded}&${after}`,
    `mysql://u:${encoded}@h/d${after}`,
    `${before}://u:${encoded}@h`,
  ][form]!;
  return { secret, url };
});

export const DSN = [
  fuzzed({
    name: "whatever names a database is a target or a failure",
    arbitrary: fc.record({ url: fc.option(text, { nil: undefined }), env: environment, file: text }),
    corpus: [],
    check: async ({ url, env, file }) => {
      await failureOf(() => read(url, { env, file }));
      await failureOf(() => read(`postgres://h/d?${url ?? ""}`, { env, file }));
      await failureOf(() => read(`host=h ${url ?? ""}`, { env, file }));
    },
  }),
  fuzzed({
    name: "no failure of what names a database holds the password",
    arbitrary: withPassword,
    corpus: [],
    check: async ({ secret, url }) => {
      const failure = await failureOf(() => read(url, {}));
      if (failure === null) return;
      for (const spelling of [secret, encodeURIComponent(secret)]) {
        assert.ok(!everything(failure).includes(spelling), everything(failure));
      }
    },
  }),
  fuzzed({
    name: "password files, environment files and table names are read or refused",
    arbitrary: text,
    corpus: [],
    check: async (input) => {
      findPassword(input, { host: "h", port: 1, database: "d", user: "u" });
      await failureOf(() => parseEnvFile(input, "f"));
      await failureOf(() => parseTableName(input, "--table"));
    },
  }),
  fuzzed({
    name: "what names a database is read in time however long it is",
    arbitrary: longText,
    corpus: [`A= x${" ".repeat(200_000)}x`],
    oneIn: 100,
    check: async (input) => {
      await failureOf(() => read(input, { file: input }));
      await failureOf(() => read(`postgres://u@h/${input}`, {}));
      await failureOf(() => read(`host=h ${input}`, {}));
      findPassword(input, { host: "h", port: 1, database: "d", user: "u" });
      await failureOf(() => parseEnvFile(input, "f"));
      await failureOf(() => parseTableName(input, "--table"));
    },
  }),
];
