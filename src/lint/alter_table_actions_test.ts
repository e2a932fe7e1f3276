import assert from "node:assert/strict";
import { parse } from "../sql/parser.ts";
import {
  type AlterTable,
  alterTableActions,
  alterTableHead,
  isAlterTable,
  replaceActions,
} from "./alter_table_actions.ts";

async function alterTable(text: string): Promise<AlterTable> {
  const outcome = await parse(text);
  assert(outcome.kind === "statements");
  const statement = outcome.statements.at(-1)!;
  assert(isAlterTable(statement));
  return statement;
}

async function actionsOf(text: string): Promise<readonly string[]> {
  const actions = alterTableActions(await alterTable(text));
  for (const { span, text: own } of actions) assert.equal(text.slice(span.start, span.end), own);
  return actions.map(({ text: own }) => own);
}

Deno.test("alterTableActions() takes a statement apart at its own commas", async () => {
  assert.deepEqual(
    await actionsOf(
      `SELECT 'ü'; ALTER TABLE t /* a, b */ ADD COLUMN a numeric(10, 2) DEFAULT 1.5 -- one, two
       , ADD CHECK (a IN (1, 2)), ALTER c TYPE text[] USING ARRAY[c, 'x,'];`,
    ),
    [
      "ADD COLUMN a numeric(10, 2) DEFAULT 1.5",
      "ADD CHECK (a IN (1, 2))",
      "ALTER c TYPE text[] USING ARRAY[c, 'x,']",
    ],
  );
});

for (
  const head of [
    "ALTER TABLE posts",
    'ALTER TABLE IF EXISTS ONLY "S" . "T,"',
    "ALTER TABLE ONLY (public.posts)",
    "ALTER TABLE posts *",
    "ALTER TABLE U&\"p!0061\" UESCAPE '!'",
  ]
) {
  Deno.test(`alterTableActions() finds the first action behind ${head}`, async () => {
    const text = `${head} DROP COLUMN a, DROP COLUMN "b, c"`;
    assert.deepEqual(await actionsOf(text), ["DROP COLUMN a", 'DROP COLUMN "b, c"']);
    assert.equal(alterTableHead(await alterTable(text)), head);
  });
}

Deno.test("replaceActions() leaves the other actions as they are written", async () => {
  const statement = await alterTable("ALTER TABLE t\n  ADD a int, -- first\n  ADD b int,\n  ADD c int");
  const [a, b, c] = alterTableActions(statement);
  const replaced = (...changes: [typeof a, string | null][]) =>
    replaceActions(statement, new Map(changes.map(([action, sql]) => [action!, sql])));
  assert.equal(replaced([b, "ADD b text"]), "ALTER TABLE t\n  ADD a int, -- first\n  ADD b text,\n  ADD c int");
  assert.equal(replaced([a, null]), "ALTER TABLE t\n  ADD b int,\n  ADD c int");
  assert.equal(replaced([b, null]), "ALTER TABLE t\n  ADD a int,\n  ADD c int");
  assert.equal(replaced([c, null]), "ALTER TABLE t\n  ADD a int, -- first\n  ADD b int");
  assert.equal(replaced([a, null], [b, null]), "ALTER TABLE t\n  ADD c int");
  assert.equal(replaced([a, null], [b, null], [c, null]), null);
});
