import assert from "node:assert/strict";
import { BUILTIN_FUNCTIONS } from "../../src/catalog/builtin_functions.ts";
import { BUILTIN_RELATIONS, BUILTIN_TYPES } from "../../src/catalog/builtin_relations.ts";
import { sharedServers } from "../servers/mod.ts";

const servers = await sharedServers();

const NAMES = { i: "immutable", s: "stable", v: "volatile" } as const;

for (const server of servers) {
  Deno.test(`functions are as volatile as PostgreSQL ${server.version} says, and the server's own names are known`, async () => {
    // `timezone` and `ts_rewrite` are volatile in a form that no default uses.
    const functions = await server.query(
      server.url(),
      `SELECT proname AS name, max(provolatile) AS volatility FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f'
          AND NOT 'internal'::regtype = ANY (proargtypes || prorettype)
          AND prorettype NOT IN (SELECT oid FROM pg_type WHERE typtype = 'p' AND typname ~ 'handler|trigger') AND proname NOT IN ('timezone', 'ts_rewrite') GROUP BY 1`,
    );
    const wrong = functions.filter(({ name, volatility }) => {
      const known = BUILTIN_FUNCTIONS.get(String(name));
      // A name may have had a less certain form on another version.
      return known !== undefined && ORDER.indexOf(known) < ORDER.indexOf(NAMES[volatility as keyof typeof NAMES]);
    });
    assert.deepEqual(wrong, []);
    const volatile = functions.filter(({ volatility }) => volatility === "v").map(({ name }) => String(name));
    const unknown = volatile.filter((name) => !BUILTIN_FUNCTIONS.has(name) && !INTERNAL.test(name));
    assert.deepEqual(unknown, []);
    const relations = await server.query(
      server.url(),
      "SELECT relname AS name FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')",
    );
    assert.deepEqual(relations.filter(({ name }) => !BUILTIN_RELATIONS.has(String(name))), []);
    const types = await server.query(
      server.url(),
      `SELECT typname AS name FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typrelid = 0
        AND typname NOT LIKE '\\_%'`,
    );
    assert.deepEqual(types.filter(({ name }) => !BUILTIN_TYPES.has(String(name))), []);
  });
}

const ORDER = ["immutable", "stable", "volatile"];

/** Of the server's own: what upgrades, statistics and languages call. */
const INTERNAL = /^(binary_upgrade_|pg_stat_)|_validator$|^amvalidate$/;
