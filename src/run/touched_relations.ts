/** The relations that a statement touches, as they are now, and what each takes along. */

import { type Catalog, qualified, type QualifiedName, type Relation, type RelationKind } from "../catalog/catalog.ts";
import { isSame } from "../catalog/resolve.ts";
import type { Usage } from "../database/usage.ts";
import type { TouchedRelation } from "../events.ts";
import type { Impact } from "../impact/impact.ts";
import { usersOf } from "./usage_words.ts";
import type { Size } from "./work_estimate.ts";

/** What a catalog says about relations that were there before the run, by the questions that are asked here. */
export class Family {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  find(name: string): Relation | null {
    return this.#catalog.relations.get(name) ?? null;
  }

  indexesOf(relation: QualifiedName): readonly Relation[] {
    return this.#referrers(relation).filter(({ index }) => index !== null && isSame(index.table, relation));
  }

  /** A relation with all that inherit from it, itself first. */
  withDescendants(relation: Relation): readonly Relation[] {
    const found = new Set([relation]);
    for (const one of found) {
      for (const child of this.#childrenOf(one)) found.add(child);
    }
    return [...found];
  }

  /** `index public.posts_pkey`, `foreign key of public.comments`, `partition public.posts_2024`, `view public.recent`. */
  dependentsOf(relation: Relation): readonly string[] {
    const children = relation.index === null ? this.#childrenOf(relation) : [];
    const referrers = this.#referrers(relation);
    const views = referrers.filter(({ kind, dependsOn }) =>
      kind in VIEW_WORDS && dependsOn.some((source) => isSame(source, relation))
    );
    const referring = referrers.filter(({ partition, constraints }) =>
      partition === null && constraints.some(({ references }) => references !== null && isSame(references, relation))
    );
    return [
      ...this.indexesOf(relation).map((index) => `index ${qualified(index)}`),
      ...children.map((child) => `${child.partition === null ? "child" : "partition"} ${qualified(child)}`),
      ...referring.map((other) => `foreign key of ${qualified(other)}`),
      ...views.map((view) => `${VIEW_WORDS[view.kind]} ${qualified(view)}`),
    ];
  }

  #childrenOf(relation: Relation): readonly Relation[] {
    return this.#referrers(relation).filter(({ parents }) => parents.some((parent) => isSame(parent, relation)));
  }

  /** What the run has made has no size yet, and nobody uses it. */
  #referrers(relation: QualifiedName): readonly Relation[] {
    return this.#catalog.relations.referrers(relation).filter(({ madeBy }) => madeBy === null);
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

const VIEW_WORDS: Readonly<Partial<Record<RelationKind, string>>> = {
  "view": "view",
  "materialized-view": "materialized view",
};

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
