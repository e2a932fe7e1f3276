/** An index on a partitioned table, made while the table is in use. */

import type { Catalog, Relation } from "../catalog/catalog.ts";
import { childrenOf } from "../catalog/resolve.ts";
import { identifier, literal } from "../sql/identifiers.ts";
import { chosenIndexName, type CreateIndex, indexOn } from "./index_statement.ts";
import { writeSafeForm } from "./safe_form.ts";
import { shownName } from "./shown_name.ts";

/** The migrations that make the index without anybody waiting; null where the statement cannot be taken apart. */
export function partitionedIndexForm(
  statement: CreateIndex,
  { table, catalog }: { readonly table: Relation; readonly catalog: Catalog },
): string | null {
  const top = statement.node.idxname ?? chosenIndexName(statement.node, table, catalog);
  const made = indexes(statement, { table, name: top, catalog });
  const create = ({ table, name, isPartitioned }: IndexToMake) =>
    indexOn(statement, {
      name: identifier(name),
      table: `${isPartitioned ? "ONLY " : ""}${shownName(table)}`,
      concurrently: !isPartitioned,
    });
  const parents = made.filter(({ isPartitioned }) => isPartitioned).map(create);
  const leaves = made.filter(({ isPartitioned }) => !isPartitioned).map(create);
  if ([...parents, ...leaves].includes(null)) return null;
  // The lowest first, so that each is complete when it is attached.
  const attached = made.toReversed().flatMap(({ table: { schema }, name, parent }) =>
    parent === null ? [] : [
      `ALTER INDEX ${shownName({ schema: parent.table.schema, name: parent.name })} ` +
      `ATTACH PARTITION ${shownName({ schema, name })};`,
    ]
  );
  if (leaves.length === 0) return withUnknownPartitions(parents[0]!, { table, name: top });
  return writeSafeForm([
    { title: "an index without anything in it", sql: joined(parents), noTransaction: false },
    { title: "the index of each partition", sql: joined(leaves), noTransaction: true },
    { title: "make them one", sql: attached.join("\n"), noTransaction: false },
  ]);
}

interface IndexToMake {
  readonly table: Relation;
  readonly name: string;
  readonly isPartitioned: boolean;
  readonly parent: IndexToMake | null;
}

/** The index of a table and those of its partitions, each before those below it. */
function indexes(
  { node }: CreateIndex,
  { table, name, catalog }: { readonly table: Relation; readonly name: string; readonly catalog: Catalog },
): readonly IndexToMake[] {
  const found: IndexToMake[] = [{ table, name, isPartitioned: true, parent: null }];
  // The list grows while it is walked.
  for (const parent of found) {
    if (!parent.isPartitioned) continue;
    for (const child of childrenOf(catalog, parent.table)) {
      const isPartitioned = child.kind === "partitioned-table";
      found.push({ table: child, name: chosenIndexName(node, child, catalog), isPartitioned, parent });
    }
  }
  return found;
}

function joined(statements: readonly (string | null)[]): string {
  return statements.map((sql) => `${sql};`).join("\n");
}

/** No migration made the partitions: something else does. */
function withUnknownPartitions(
  parent: string,
  { table, name }: { readonly table: Relation; readonly name: string },
): string {
  return `${parent};
-- Then, for each partition, in a migration with the directive no-transaction: CREATE INDEX CONCURRENTLY …;
-- and behind it: ALTER INDEX ${shownName({ schema: table.schema, name })} ATTACH PARTITION …;
-- The partitions: SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = ${
    literal(shownName(table))
  }::regclass;`;
}
