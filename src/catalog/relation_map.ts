/** Relations by name, from whose names those that refer to them are found without a look at all of them. */

import type { QualifiedName, Relation } from "./catalog.ts";
import { listedParts } from "../sql/identifiers.ts";

/** By qualified name, as text. What it holds is found by what it refers to as well. */
export class RelationMap extends Map<string, Relation> {
  readonly #referrers = new Counts();
  readonly #bySchema = new Counts();
  readonly #constraints = new Counts();

  override set(key: string, relation: Relation): this {
    const before = this.get(key);
    // What it referred to before keeps its place, so that lists stay in the order in which things were made.
    this.#count(relation, { key, other: before, by: 1 });
    if (before === undefined) this.#bySchema.count(relation.schema, { key, by: 1 });
    else this.#count(before, { key, other: relation, by: -1 });
    return super.set(key, relation);
  }

  override delete(key: string): boolean {
    const before = this.get(key);
    if (before === undefined) return false;
    this.#count(before, { key, other: undefined, by: -1 });
    this.#bySchema.count(before.schema, { key, by: -1 });
    return super.delete(key);
  }

  override clear(): void {
    for (const key of [...this.keys()]) this.delete(key);
  }

  /**
   * The relations that refer to one, or to a type, by its name: indexes to their table, children to parents, views to
   * what they read, sequences to their owner, tables to those of their foreign keys and to the types of their columns.
   */
  referrers({ schema, name }: QualifiedName): readonly Relation[] {
    return this.#at(this.#referrers.get(pair(schema, name)).keys());
  }

  /** The relations with a default that is `nextval` of a sequence of this name, in whatever schema. */
  counters(sequence: string): readonly Relation[] {
    return this.#at(this.#referrers.get(counted(sequence)).keys());
  }

  inSchema(schema: string): readonly Relation[] {
    return this.#at(this.#bySchema.get(schema).keys());
  }

  /** Whether anything is in a schema. */
  hasSchema(schema: string): boolean {
    return this.#bySchema.get(schema).size > 0;
  }

  /** Whether any table of a schema has a constraint of this name. */
  hasConstraint({ schema, name }: QualifiedName): boolean {
    return this.#constraints.get(pair(schema, name)).size > 0;
  }

  #at(keys: Iterable<string>): readonly Relation[] {
    return Array.from(keys, (key) => this.get(key)!);
  }

  /** Counts what a relation refers to, but for the parts that it has in common with the value before or after it. */
  #count(relation: Relation, { key, other, by }: Counting & { readonly other: Relation | undefined }): void {
    const { schema, index, parents, dependsOn, constraints, columns } = relation;
    const count = ({ schema, name }: QualifiedName) => this.#referrers.count(pair(schema, name), { key, by });
    if (index !== null && index !== other?.index) count(index.table);
    if (parents !== other?.parents) parents.forEach(count);
    if (dependsOn !== other?.dependsOn) dependsOn.forEach(count);
    if (constraints !== other?.constraints) {
      for (const { name, references } of constraints) {
        if (references !== null) count(references);
        this.#constraints.count(pair(schema, name), { key, by });
      }
    }
    if (columns === other?.columns) return;
    for (const { type, default: expression } of columns) {
      // Most are the server's own, which nothing changes.
      if (type !== null && type.schema !== "pg_catalog") count(type);
      const sequence = expression === null ? null : sequenceOf(expression);
      if (sequence !== null) this.#referrers.count(counted(sequence), { key, by });
    }
  }
}

interface Counting {
  readonly key: string;
  readonly by: 1 | -1;
}

const NONE: ReadonlyMap<string, number> = new Map();

/** How often each key stands under a name. */
class Counts {
  readonly #counts = new Map<string, Map<string, number>>();

  get(name: string): ReadonlyMap<string, number> {
    return this.#counts.get(name) ?? NONE;
  }

  count(name: string, { key, by }: Counting): void {
    const keys = this.#counts.get(name) ?? new Map<string, number>();
    const now = (keys.get(key) ?? 0) + by;
    if (now > 0) keys.set(key, now);
    else keys.delete(key);
    if (keys.size > 0) this.#counts.set(name, keys);
    else this.#counts.delete(name);
  }
}

function pair(schema: string, name: string): string {
  return `${schema}\0${name}`;
}

function counted(sequence: string): string {
  return `\0${sequence}`;
}

/** The last part of the name in `nextval('public.posts_id_seq'::regclass)`, without quotes. */
function sequenceOf(expression: NonNullable<Relation["columns"][number]["default"]>): string | null {
  if (!("FuncCall" in expression) || listedParts(expression.FuncCall.funcname).at(-1) !== "nextval") return null;
  let [argument] = expression.FuncCall.args ?? [];
  while (argument !== undefined && "TypeCast" in argument) argument = argument.TypeCast.arg;
  const text = argument !== undefined && "A_Const" in argument ? argument.A_Const.sval?.sval ?? "" : "";
  const last = /(?:"((?:[^"]|"")*)"|([^".]*))$/.exec(text);
  return last?.[1]?.replaceAll('""', '"') ?? last?.[2]?.toLowerCase() ?? null;
}
