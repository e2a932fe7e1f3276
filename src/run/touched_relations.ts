/** The relations that a statement touches, as they are now, and what each takes along. */

import { type Catalog, qualified, type QualifiedName, type Relation, type RelationKind } from "../catalog/catalog.ts";
import type { Usage } from "../database/usage.ts";
import type { TouchedRelation } from "../events.ts";
import type { Impact } from "../impact/impact.ts";
import { usersOf } from "./usage_words.ts";
import type { Size } from "./work_estimate.ts";

/** What a catalog says about relations that were there before the run, by the questions that are asked here. */
export class Family {
  readonly #catalog: Catalog;
  /** By the key of the relation that they hang on. */
  readonly #children: Map<string, Relation[]> = new Map();
  readonly #indexes: Map<string, Relation[]> = new Map();
  readonly #others: Map<string, Relation[]> = new Map();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    for (const relation of catalog.relations.values()) {
      // What the run has made has no size yet, and nobody uses it.
      if (relation.madeBy !== null) continue;
      for (const parent of relation.parents) push(this.#children, parent, relation);
      if (relation.index !== null) push(this.#indexes, relation.index.table, relation);
      if (relation.kind === "view" || relation.kind === "materialized-view") {
        for (const source of relation.dependsOn) push(this.#others, source, relation);
      }
      for (const { references } of relation.partition === null ? relation.constraints : []) {
        if (references !== null) push(this.#others, references, relation);
      }
    }
  }

  find(name: string): Relation | null {
    return this.#catalog.relations.get(name) ?? null;
  }

  indexesOf(relation: QualifiedName): readonly Relation[] {
    return this.#indexes.get(keyOf(relation)) ?? [];
  }

  /** A relation with all that inherit from it, itself first. */
  withDescendants(relation: Relation): readonly Relation[] {
    const found = new Set([relation]);
    for (const one of found) {
      for (const child of this.#children.get(keyOf(one)) ?? []) found.add(child);
    }
    return [...found];
  }

  /** `index public.posts_pkey`, `foreign key of public.comments`, `partition public.posts_2024`, `view public.recent`. */
  dependentsOf(relation: Relation): readonly string[] {
    const key = keyOf(relation);
    const indexes = this.#indexes.get(key) ?? [];
    const children = relation.index === null ? this.#children.get(key) ?? [] : [];
    return [
      ...indexes.map((index) => `index ${qualified(index)}`),
      ...children.map((child) => `${child.partition === null ? "child" : "partition"} ${qualified(child)}`),
      ...new Set(
        (this.#others.get(key) ?? []).map((other) => `${TIES[other.kind] ?? "foreign key of"} ${qualified(other)}`),
      ),
    ];
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
    const indexes = withIndexes ? stored.flatMap((part) => this.indexesOf(part)) : [];
    return {
      rows: sum(stored.map(({ rows }) => rows)),
      bytes: sum([...stored, ...indexes].map(({ bytes }) => bytes)),
    };
  }
}

const TIES: Readonly<Partial<Record<RelationKind, string>>> = {
  "view": "view",
  "materialized-view": "materialized view",
};

/** Cheaper to make than the name in SQL, and there are many. */
function keyOf({ schema, name }: QualifiedName): string {
  return `${schema}\0${name}`;
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
    const members = family.withDescendants(relation);
    const indexes = members.flatMap((member) => family.indexesOf(member));
    const size = family.sizeOf(relation, { withIndexes: relation.index === null });
    const bytes = relation.index === null ? size.bytes : relation.bytes;
    const users = usersOf(usage, [...members, ...indexes].map(qualified));
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

function push(map: Map<string, Relation[]>, on: QualifiedName, relation: Relation): void {
  const key = keyOf(on);
  const list = map.get(key);
  if (list === undefined) map.set(key, [relation]);
  else list.push(relation);
}
