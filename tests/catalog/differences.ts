/** What a catalog holds as text, so that one that was replayed and one that was read from a server can be compared. */

import { type Catalog, type MadeType, qualified, type Relation } from "../../src/catalog/catalog.ts";
import { columnsIn } from "../../src/catalog/tree.ts";

export interface View {
  /** Whose objects are listed, with those of schemas whose names begin so. */
  readonly schema: string;
  readonly version: number;
}

export interface Differences {
  /** What the server has. */
  readonly missing: readonly string[];
  /** What only the replayed one has. */
  readonly wrong: readonly string[];
}

/** Compares what was replayed with what was read, which loses the types that a replay cannot know. */
export function differences(replayed: Catalog, read: Catalog, view: View): Differences {
  withoutUnknownTypes(read, replayed);
  const [own, expected] = [new Set(listing(replayed, view)), new Set(listing(read, view))];
  return {
    missing: [...expected].filter((line) => !own.has(line)),
    wrong: [...own].filter((line) => !expected.has(line)),
  };
}

/** The types of a query's columns are known only where they are those of plain columns. */
function withoutUnknownTypes(read: Catalog, replayed: Catalog): void {
  for (const [name, relation] of read.relations) {
    const own = replayed.relations.get(name);
    if (own === undefined || own.columns.every(({ type }) => type !== null)) continue;
    const columns = relation.columns.map((column, at) =>
      own.columns[at]?.type === null ? { ...column, type: null } : column
    );
    read.relations.set(name, { ...relation, columns });
  }
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
    ...(index === null ? [] : [`on ${name} ${text({ ...index, ...STATEMENTS_ALONE, uses: index.uses.toSorted() })}`]),
    `columns ${name} ${columns.map(({ name }) => name)}`,
    ...columns.map((column) => `column ${name}.${text({ ...column, default: column.default !== null })}`),
    ...constraints.filter(({ kind }) => version >= 18 || kind !== "not-null").map((constraint) => {
      const { kind, columns, expression } = constraint;
      // The order of a CHECK's columns says nothing.
      const named = kind === "check" ? columns.toSorted() : columns;
      return `constraint ${name}.${
        text({ ...constraint, ...STATEMENTS_ALONE, columns: named, expression: columnsIn(expression).toSorted() })
      }`;
    }),
  ];
}

/** What only a replay knows. */
const STATEMENTS_ALONE = { plain: undefined, definition: undefined, deferral: undefined };

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
