import type { TypeName } from "libpg-query";
import type { Catalog, DataType, MadeType } from "../catalog/catalog.ts";
import { madeType, resolveType } from "../catalog/resolve_type.ts";

/**
 * The type that a domain with constraints is over, at the bottom where domains are over domains.
 *
 * @returns null for any other type, an array of a domain among them: it is NULL without anything to test
 */
export function underConstrainedDomain(name: TypeName | undefined, catalog: Catalog): DataType | null {
  const type = name === undefined ? null : resolveType(catalog, name);
  if (type === null || type.dimensions > 0) return null;
  const made = madeType(catalog, type);
  return made?.kind === "domain" && made.constrained ? baseOf(made, catalog) : null;
}

function baseOf({ base }: MadeType, catalog: Catalog): DataType | null {
  if (base === null) return null;
  const below = madeType(catalog, base);
  return below?.kind === "domain" ? baseOf(below, catalog) : base;
}
