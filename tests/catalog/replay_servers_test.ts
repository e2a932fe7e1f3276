import assert from "node:assert/strict";
import { Catalog, type MadeType, qualified, type Relation } from "../../src/catalog/catalog.ts";
import { replay } from "../../src/catalog/replay.ts";
import { columnsIn } from "../../src/catalog/tree.ts";
import { readCatalog } from "../../src/database/read_catalog.ts";
import { parse, type Statement } from "../../src/sql/parser.ts";
import { open } from "../impact/measure_cases.ts";
import { sharedServers } from "../servers/mod.ts";
import { SCENARIOS } from "./scenarios.ts";

const servers = await sharedServers();

async function statementsOf(text: string): Promise<readonly Statement[]> {
  const outcome = await parse(text);
  assert.equal(outcome.kind, "statements", JSON.stringify(outcome));
  return outcome.kind === "statements" ? outcome.statements : [];
}

/** The types of a query's columns are known only where they are those of plain columns. */
function forgetTypes(read: Catalog, replayed: Catalog): void {
  for (const [name, relation] of read.relations) {
    const own = replayed.relations.get(name);
    if (own === undefined || own.columns.every(({ type }) => type !== null)) continue;
    const columns = relation.columns.map((column, at) =>
      own.columns[at]?.type === null ? { ...column, type: null } : column
    );
    read.relations.set(name, { ...relation, columns });
  }
}

interface View {
  /** Whose objects are listed, with those of schemas whose names begin so. */
  readonly schema: string;
  readonly version: number;
}

/** What a catalog holds as lines, without what only one side can know, and what each writes in its own way. */
function listing(catalog: Catalog, view: View): readonly string[] {
  const own = <Value>(map: ReadonlyMap<string, Value>) =>
    [...map].filter(([name]) => name.startsWith(view.schema)).map(([, value]) => value);
  return [
    ...own(catalog.relations).flatMap((relation) => relationLines(relation, view)),
    ...own(catalog.types).map(typeLine),
    ...own(catalog.functions).flat().map((made) =>
      `${made.kind} ${qualified(made)}(${made.arguments}) ${made.volatility}`
    ),
  ].sort();
}

function relationLines(relation: Relation, { version }: View): readonly string[] {
  const { kind, persistence, columns, constraints, parents, partition, partitionKey, index, dependsOn, ownerColumn } =
    relation;
  const name = qualified(relation);
  return [
    `${kind} ${name} ${persistence} ${
      text({ parents: parents.map(qualified), on: dependsOn.map(qualified).sort(), ownerColumn })
    }`,
    ...(partition === null ? [] : [`partition ${name} ${text(partition)}`]),
    ...(partitionKey === null ? [] : [`partitioned ${name} ${text(partitionKey)}`]),
    ...(index === null ? [] : [`on ${name} ${text({ ...index, uses: index.uses.toSorted() })}`]),
    `columns ${name} ${columns.map(({ name }) => name)}`,
    ...columns.map((column) => `column ${name}.${text({ ...column, default: column.default !== null })}`),
    ...constraints.filter(({ kind }) => version >= 18 || kind !== "not-null").map((constraint) => {
      const { kind, columns, expression } = constraint;
      // The order of a CHECK's columns says nothing.
      const named = kind === "check" ? columns.toSorted() : columns;
      return `constraint ${name}.${
        text({ ...constraint, columns: named, expression: columnsIn(expression).toSorted() })
      }`;
    }),
  ];
}

function typeLine({ madeBy: _, values, ...type }: MadeType): string {
  return `type ${qualified(type)} ${text({ ...type, values: values.map(({ value }) => value) })}`;
}

/** Keys in order, so that equal values are equal texts. */
function text(value: unknown): string {
  return JSON.stringify(
    value,
    (_, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => one < other ? -1 : 1))
        : inner,
  );
}

for (const server of servers) {
  const version = Number(server.version === "own" ? 0 : server.version);
  Deno.test(`a catalog replayed is a catalog read, on PostgreSQL ${server.version}`, async (test) => {
    await using made = await server.createDatabase();
    await using database = await open(made.url);
    await using session = await database.open();
    for (const [at, { name, sql, from = 0 }] of SCENARIOS.entries()) {
      if (version < from) continue;
      const schema = `sc${String(at).padStart(2, "0")}`;
      const text = sql.replaceAll("SCHEMA_", `${schema}_`);
      await test.step(name, async () => {
        await session.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}; ${text}`);
        const statements = await statementsOf(text);
        const { catalog: read } = await readCatalog(session, "all");
        const { catalog: named } = await readCatalog(session, statements);
        for (const [name, type] of named.types) read.types.set(name, type);
        for (const [name, made] of named.functions) read.functions.set(name, made);
        const catalog = new Catalog(true);
        catalog.searchPath = [schema];
        for (const statement of statements) replay(catalog, statement, 1n);
        forgetTypes(read, catalog);
        const [replayed, expected] = [catalog, read].map((one) => listing(one, { schema, version }));
        assert.deepEqual(
          {
            missing: expected!.filter((line) => !replayed!.includes(line)),
            wrong: replayed!.filter((line) => !expected!.includes(line)),
          },
          { missing: [], wrong: [] },
        );
      });
    }
  });
}
