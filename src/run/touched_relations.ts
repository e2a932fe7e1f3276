/** The relations that a statement touches, as they are now, and what each takes along. */

import { type Catalog, qualified, type Relation } from "../catalog/catalog.ts";
import type { Usage } from "../database/usage.ts";
import type { TouchedRelation } from "../events.ts";
import type { Impact } from "../impact/impact.ts";
import { usersOf } from "./usage_words.ts";
import type { Size } from "./work_estimate.ts";

/** What a catalog says about relations that were there before the run, by the questions that are asked here. */
export class Family {
  readonly #catalog: Catalog;
  readonly #children: Map<string, Relation[]> = new Map();
  readonly #indexes: Map<string, Relation[]> = new Map();
  readonly #dependents: Map<string, string[]> = new Map();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    for (const relation of catalog.relations.values()) {
      // What the run has made has no size yet, and nobody uses it.
      if (relation.madeBy !== null) continue;
      for (const parent of relation.parents) push(this.#children, qualified(parent), relation);
      if (relation.index !== null) push(this.#indexes, qualified(relation.index.table), relation);
      for (const [of, what] of tiesOf(relation)) push(this.#dependents, of, what);
    }
  }

  find(name: string): Relation | null {
    return this.#catalog.relations.get(name) ?? null;
  }

  indexesOf(name: string): readonly Relation[] {
    return this.#indexes.get(name) ?? [];
  }

  /** A relation with all that inherit from it, itself first. */
  withDescendants(relation: Relation): readonly Relation[] {
    const found = new Map([[qualified(relation), relation]]);
    for (const name of found.keys()) {
      for (const child of this.#children.get(name) ?? []) found.set(qualified(child), child);
    }
    return [...found.values()];
  }

  dependentsOf(relation: Relation): readonly string[] {
    return this.#dependents.get(qualified(relation)) ?? [];
  }

  /** Whether it is an index of one of these, or a partition or child of one. */
  isPartOf(relation: Relation, names: ReadonlySet<string>): boolean {
    if (relation.index !== null && names.has(qualified(relation.index.table))) return true;
    return relation.parents.some((parent) => {
      const above = this.find(qualified(parent));
      return names.has(qualified(parent)) || (above !== null && this.isPartOf(above, names));
    });
  }

  /** Of a table, its partitions and children included; of an index that of its table, which is what it is made from. */
  sizeOf(relation: Relation, { withIndexes }: { readonly withIndexes: boolean }): Size {
    const table = relation.index === null ? null : this.find(qualified(relation.index.table));
    const parts = relation.kind === "partitioned-table" ? this.withDescendants(relation).slice(1) : [table ?? relation];
    const stored = parts.filter(({ kind }) => kind !== "partitioned-table");
    const indexes = withIndexes ? stored.flatMap((part) => this.indexesOf(qualified(part))) : [];
    return {
      rows: sum(stored.map(({ rows }) => rows)),
      bytes: sum([...stored, ...indexes].map(({ bytes }) => bytes)),
    };
  }
}

/** What hangs on which relation: pairs of a relation and what it is told as. */
function tiesOf(relation: Relation): readonly (readonly [string, string])[] {
  const name = qualified(relation);
  const isTable = relation.index === null && relation.parents.length > 0;
  const word = relation.partition === null ? "child" : "partition";
  const refers = relation.partition === null
    ? relation.constraints.filter(({ references }) => references !== null)
    : [];
  const isView = relation.kind === "view" || relation.kind === "materialized-view";
  return [
    ...relation.index === null ? [] : [[qualified(relation.index.table), `index ${name}`] as const],
    ...isTable ? relation.parents.map((parent) => [qualified(parent), `${word} ${name}`] as const) : [],
    ...refers.map(({ references }) => [qualified(references!), `foreign key of ${name}`] as const),
    ...isView ? relation.dependsOn.map((source) => [qualified(source), `${viewWord(relation)} ${name}`] as const) : [],
  ];
}

function viewWord({ kind }: Relation): string {
  return kind === "view" ? "view" : "materialized view";
}

/** Relations that were there before the run. Indexes and partitions are told with their table. */
export function touchedRelations(
  impact: Impact,
  { family, usage }: { readonly family: Family; readonly usage: Usage },
): readonly TouchedRelation[] {
  const all = [...impact.rewrites, ...impact.scans, ...impact.locks].map(({ relation }) => qualified(relation));
  const names = new Set(all.filter((name) => isExisting(family.find(name))));
  const heads = [...names].map((name) => family.find(name)!).filter((relation) => !family.isPartOf(relation, names));
  return heads.map((relation) => {
    const members = family.withDescendants(relation).map(qualified);
    const size = family.sizeOf(relation, { withIndexes: relation.index === null });
    const bytes = relation.index === null ? size.bytes : relation.bytes;
    const users = usersOf(usage, [...members, ...members.flatMap((name) => family.indexesOf(name)).map(qualified)]);
    return { relation: qualified(relation), rows: size.rows, bytes, dependents: family.dependentsOf(relation), users };
  });
}

/** Whether it was there before the first migration of the run. */
export function isExisting(relation: Relation | null): boolean {
  return relation !== null && relation.madeBy === null;
}

/** null where one of them is not known; what has no size of its own, such as a view, has none of them. */
function sum(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return 0;
  return values.reduce((total, value) => total === null || value === null ? null : total + value, 0);
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
