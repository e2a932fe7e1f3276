import assert from "node:assert/strict";
import { createDirectory } from "./directory.ts";
import { linesOf } from "./pgmigrate.ts";
import { runProgram } from "./program.ts";
import { startServer } from "./servers/mod.ts";

const HERE = Deno.build.os === "linux" && Deno.build.arch === "x86_64";

/** Who is refused, how the server says it, and the advice. */
const REFUSALS: readonly (readonly [login: string, sqlstate: string, message: RegExp, hint: RegExp])[] = [
  ["app:wrong@/postgres", "28P01", /password authentication failed for user "app"$/, /^Check user and password/],
  ["app@/postgres", "28P01", /password authentication failed for user "app"$/, /^No password was given/],
  [
    "noone:pgmigrate@/postgres",
    "28P01",
    /password authentication failed for user "noone"$/,
    /^Check user and password/,
  ],
  ["trusted@/postgres", "28000", /role "trusted" does not exist$/, /^Create the role first/],
  ["nologin@/postgres", "28000", /role "nologin" is not permitted to log in$/, /ALTER ROLE NAME LOGIN/],
  ["rejected@/postgres", "28000", /pg_hba\.conf rejects connection .*, no encryption$/, /only with TLS, or not at all/],
  [
    "ident@/postgres",
    "28000",
    /Ident authentication failed/,
    /^The server lets this user in only from the system's user/,
  ],
  ["app:pgmigrate@/nowhere", "3D000", /database "nowhere" does not exist$/, /createdb NAME/],
  [
    "app:pgmigrate@/closed",
    "55000",
    /database "closed" is not currently accepting connections$/,
    /ALLOW_CONNECTIONS true/,
  ],
  ["app:pgmigrate@/private", "42501", /permission denied for database "private"$/, /^Let the role in: GRANT CONNECT/],
  ["limited:pgmigrate@/postgres", "53300", /too many connections for role "limited"$/, /CONNECTION LIMIT.*needs two/],
  ["app:pgmigrate@/postgres?options=-cnonsense%3D1", "42704", /unrecognized .* "nonsense"$/, /^It comes from options/],
  ["app:pgmigrate@/postgres?options=-cport", "42601", /-c port requires a value$/, /^It comes from options/],
];

const SETUP = [
  "CREATE ROLE app LOGIN PASSWORD 'pgmigrate'",
  "CREATE ROLE nologin",
  "CREATE ROLE rejected LOGIN",
  "CREATE ROLE ident LOGIN",
  "CREATE ROLE limited LOGIN PASSWORD 'pgmigrate' CONNECTION LIMIT 0",
  "CREATE DATABASE closed ALLOW_CONNECTIONS false",
  "CREATE DATABASE private",
  "REVOKE CONNECT ON DATABASE private FROM PUBLIC",
];

Deno.test({
  name: "failures 25: the reason why a server refuses a login reaches the user, with what to do about it",
  ignore: !HERE,
  async fn() {
    await using server = await startServer("15", {
      authentication: [
        "host all trusted,nologin 127.0.0.1/32 trust",
        "host all rejected 127.0.0.1/32 reject",
        "host all ident 127.0.0.1/32 ident",
      ],
    });
    for (const statement of SETUP) await server.query(server.url(), statement);
    await using directory = await createDirectory({ "001_a.sql": "CREATE TABLE a ();\n" });
    await Promise.all(REFUSALS.map(async ([login, sqlstate, message, hint]) => {
      const url = `postgres://${login.replace("@", `@127.0.0.1:${server.port}`)}`;
      const { code, stdout } = await runProgram(["up", "--json", "-d", url], { cwd: directory.path });
      assert.equal(code, 4, login);
      const [error] = linesOf(stdout, "error");
      assert.deepEqual([error!.code, error!.sqlstate], ["login-refused", sqlstate], login);
      assert.match(String(error!.message), message, login);
      assert.match(String(error!.hint), hint, login);
    }));
    const [row] = await server.query(
      server.url(),
      "SELECT to_regclass('a') AS a, to_regclass('schema_migrations') AS t",
    );
    assert.deepEqual(row, { a: null, t: null });
  },
});
