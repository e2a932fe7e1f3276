import type { Catalog, QualifiedName, Relation } from "../../catalog/catalog.ts";
import { findRelation, isSame, resolveListed, resolveRelation } from "../../catalog/resolve.ts";
import { type ForeignKey, wholeKeysTo } from "../../impact/relatives.ts";
import { identifier } from "../../sql/identifiers.ts";
import { alterTableActions, isAlterTable, type Span } from "../alter_table_actions.ts";
import { droppedObjects } from "../dropped_objects.ts";
import { isInUse } from "../in_use.ts";
import type { LintedFile, LintedStatement, Rule } from "../rule.ts";
import { writeSafeForm } from "../safe_form.ts";
import { listOf, shownName } from "../shown_name.ts";

export const dropTableWithFk: Rule = {
  id: "drop-table-with-fk",
  severity: "warning",
  fires: "DROP TABLE, DROP COLUMN, or DROP CONSTRAINT … CASCADE of a key, that takes a foreign key along",
  why: "A foreign key is kept up by triggers on both of its tables. To take them away the statement needs an " +
    "ACCESS EXCLUSIVE lock on the other table too, which it does not name: readers and writers of that one wait as well, " +
    "behind every query that runs there, and until the transaction ends.",
  instead:
    "Drop the constraint in a migration of its own, which is over as soon as it has the locks, and the table or the " +
    "column in the next.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-CONSTRAINT",
  examples: [{
    before: [
      `CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));`,
    ],
    bad: "DROP TABLE posts;",
    good: ["ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey;", "DROP TABLE posts;"],
  }, {
    before: [
      `CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE posts (id bigint, user_id bigint REFERENCES users (id), at date) PARTITION BY RANGE (at);
CREATE TABLE posts_now PARTITION OF posts DEFAULT;`,
    ],
    bad: "ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE;",
    good: [
      "ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey;",
      "ALTER TABLE users DROP CONSTRAINT users_pkey;",
    ],
  }],
  check: (linted, file) =>
    droppedParts(linted, file).flatMap(({ span, name, keys }) => {
      if (keys.length === 0) return [];
      const others = listOf([...new Set(keys.map(({ other }) => shownName(other)))]);
      const drops = keys.map(({ table, constraint }) => ({
        title: `the foreign key ${constraint}`,
        sql: `ALTER TABLE ${shownName(table)} DROP CONSTRAINT ${identifier(constraint)};`,
        noTransaction: false,
      }));
      const rest = { title: "what is left", sql: `${linted.statement.text};`, noTransaction: false };
      return [{
        span,
        message: `With ${name} ${keys.length === 1 ? "goes a foreign key" : "go foreign keys"}, so that readers and ` +
          `writers of ${others} wait too, until the file's transaction ends.`,
        safeForm: writeSafeForm([...drops, rest]),
        fix: null,
      }];
    }),
};

/** A foreign key that goes along. */
interface LostKey {
  /** The table that has it. */
  readonly table: QualifiedName;
  readonly constraint: string;
  /** The table at its other end, seen from what is dropped. */
  readonly other: QualifiedName;
}

interface Dropped {
  readonly span: Span;
  /** As SQL. */
  readonly name: string;
  readonly keys: readonly LostKey[];
}

function droppedParts(linted: LintedStatement, file: LintedFile): readonly Dropped[] {
  const { statement, catalog } = linted;
  const waitedFor = (keys: readonly LostKey[], dropped: readonly Relation[]) =>
    keys.filter(({ other }) => {
      const known = findRelation(catalog, other);
      return (known === null || isInUse(known, file)) && !dropped.some((table) => isSame(table, other));
    });
  if (statement.kind === "DropStmt" && statement.node.removeType === "OBJECT_TABLE") {
    const objects = droppedObjects(statement).flatMap(({ names, span, text }) => {
      const table = resolveListed(catalog, names);
      return table === null ? [] : [{ table, span, text }];
    });
    const all = objects.map(({ table }) => table);
    const cascades = statement.node.behavior === "DROP_CASCADE";
    return objects.filter(({ table }) => isInUse(table, file)).map(({ table, span, text }) => ({
      span,
      name: text,
      keys: waitedFor(lostKeys(table, { column: null, cascades, catalog }), all),
    }));
  }
  const table = isAlterTable(statement) ? resolveRelation(catalog, statement.node.relation!) : null;
  if (!isInUse(table, file)) return [];
  return alterTableActions(statement).flatMap(({ command: { subtype, name: column = "", behavior }, span }) => {
    if (subtype === "AT_DropConstraint" && behavior === "DROP_CASCADE") {
      const keys = keysOver(table, { constraint: column, catalog });
      return [{ span, name: identifier(column), keys: waitedFor(keys, [table]) }];
    }
    if (subtype !== "AT_DropColumn") return [];
    const lost = lostKeys(table, { column, cascades: behavior === "DROP_CASCADE", catalog });
    return [{ span, name: `${shownName(table)}.${identifier(column)}`, keys: waitedFor(lost, [table]) }];
  });
}

/** The foreign keys that point to the columns of a key, and go with it unless there is another one over these columns. */
function keysOver(
  table: Relation,
  { constraint, catalog }: { readonly constraint: string; readonly catalog: Catalog },
): readonly LostKey[] {
  const dropped = table.constraints.find(({ name }) => name === constraint);
  if (dropped?.kind !== "primary-key" && dropped?.kind !== "unique") return [];
  const columns = String(dropped.columns.toSorted());
  return wholeKeysTo(catalog, table)
    .filter(({ constraint }) => String(constraint.referencedColumns.toSorted()) === columns)
    .map(asLost);
}

/** Its own keys, and with CASCADE those that point to it; of a table, or of one of its columns. */
function lostKeys(
  table: Relation,
  { column, cascades, catalog }: {
    readonly column: string | null;
    readonly cascades: boolean;
    readonly catalog: Catalog;
  },
): readonly LostKey[] {
  // A partition has the keys of its table, which cannot be dropped from it alone.
  if (table.partition !== null) return [];
  const own = table.constraints.flatMap(({ name, references, columns }) =>
    references === null || (column !== null && !columns.includes(column))
      ? []
      : [{ table, constraint: name, other: references }]
  );
  const others = cascades ? wholeKeysTo(catalog, table) : [];
  const pointing = others.filter(({ constraint }) => column === null || constraint.referencedColumns.includes(column));
  return [
    ...own,
    ...pointing.map(asLost),
  ];
}

function asLost({ from, constraint }: ForeignKey): LostKey {
  return { table: from, constraint: constraint.name, other: from };
}
