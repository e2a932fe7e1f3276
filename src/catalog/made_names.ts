/** What a statement makes that others name after it: what is missing where it could not be run. */

import type { Statement } from "../sql/parser.ts";
import type { Catalog, Relation } from "./catalog.ts";
import { replay } from "./replay.ts";

/** Names without their schemas, as the server has them. */
export interface MadeNames {
  readonly relations: ReadonlySet<string>;
  /** Columns of relations that were there before. */
  readonly columns: readonly { readonly relation: string; readonly name: string }[];
  readonly constraints: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  /** Every word of a statement of which not all that it makes is known: DO, CALL, SELECT of a function, CREATE TRIGGER. */
  readonly words: ReadonlySet<string>;
}

/** Of these, the replay knows everything that has a name. */
const EXACT: ReadonlySet<Statement["kind"]> = new Set<Statement["kind"]>([
  ...["AlterDomainStmt", "AlterEnumStmt", "AlterFunctionStmt", "AlterObjectSchemaStmt", "AlterSeqStmt"] as const,
  ...["AlterTableStmt", "CommentStmt", "CompositeTypeStmt", "CopyStmt", "CreateDomainStmt", "CreateEnumStmt"] as const,
  ...["CreateExtensionStmt", "CreateForeignTableStmt", "CreateFunctionStmt", "CreateRangeStmt"] as const,
  ...["CreateSeqStmt", "CreateStmt", "CreateTableAsStmt", "DeleteStmt", "DropStmt", "GrantStmt", "IndexStmt"] as const,
  ...["InsertStmt", "MergeStmt", "RefreshMatViewStmt", "RenameStmt", "TruncateStmt", "UpdateStmt"] as const,
  ...["VariableSetStmt", "ViewStmt"] as const,
]);

/**
 * Replays a statement, and says what it made.
 *
 * @param by the version of its migration
 */
export function replayNames(catalog: Catalog, statement: Statement, by: bigint): MadeNames {
  const relations = new Map(catalog.relations);
  const types = new Map(catalog.types);
  const functions = new Map(catalog.functions);
  replay(catalog, statement, by);
  const changed = [...catalog.relations].filter(([key, relation]) => relations.get(key) !== relation);
  // What no migration made is only taken to exist: a statement that changes it does not make it.
  const isMade = ([key, { madeBy }]: readonly [string, Relation]) => !relations.has(key) && madeBy !== null;
  const fresh = <T extends { readonly name: string }>(key: string, pick: (relation: Relation) => readonly T[]) => {
    const before = relations.get(key);
    const known = new Set(before === undefined ? [] : pick(before).map(({ name }) => name));
    return pick(catalog.relations.get(key)!).filter(({ name }) => !known.has(name));
  };
  return {
    relations: new Set(changed.filter(isMade).map(([, { name }]) => name)),
    columns: changed.flatMap(([key, relation]) =>
      isMade([key, relation])
        ? []
        : fresh(key, ({ columns }) => columns).map(({ name }) => ({ relation: relation.name, name }))
    ),
    constraints: new Set(
      changed.flatMap(([key]) => fresh(key, ({ constraints }) => constraints).map(({ name }) => name)),
    ),
    types: new Set([...catalog.types].flatMap(([key, type]) => types.get(key) === type ? [] : [type.name])),
    functions: new Set(
      [...catalog.functions].flatMap(([key, all]) => functions.get(key) === all ? [] : all.map(({ name }) => name)),
    ),
    words: EXACT.has(statement.kind) ? new Set() : wordsOf(statement.text),
  };
}

/** What a text names, in whatever way: in quotes, in a string, in the body of a function. */
export function wordsOf(text: string): ReadonlySet<string> {
  const words = text.match(/[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g) ?? [];
  return new Set(words.flatMap((word) => [word, word.toLowerCase()]));
}
