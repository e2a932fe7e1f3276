import type { Catalog, QualifiedName, Relation } from "../catalog/catalog.ts";
import { isSame } from "../catalog/resolve.ts";
import { madeType } from "../catalog/resolve_type.ts";

export interface DomainColumn {
  readonly relation: Relation;
  /** As the server has it. */
  readonly column: string;
  /** Whether it is an array of the domain. */
  readonly isArray: boolean;
}

/** The columns of tables whose type is a domain, or a domain over it. */
export function domainColumns(catalog: Catalog, domain: QualifiedName): readonly DomainColumn[] {
  const isOver = (type: QualifiedName): boolean => {
    const base = madeType(catalog, type)?.base ?? null;
    return isSame(type, domain) || base !== null && isOver(base);
  };
  return [...catalog.relations.values()].filter(({ kind }) => kind === "table").flatMap((relation) =>
    relation.columns.flatMap(({ name, type }) =>
      type !== null && isOver(type) ? [{ relation, column: name, isArray: type.dimensions > 0 }] : []
    )
  );
}
