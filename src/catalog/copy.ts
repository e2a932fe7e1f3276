import { Catalog } from "./catalog.ts";

/** A catalog that changes by itself; what both hold are the same values. */
export function copyOf(catalog: Catalog): Catalog {
  const copy = new Catalog(catalog.isWhole);
  for (const [name, relation] of catalog.relations) copy.relations.set(name, relation);
  for (const [name, type] of catalog.types) copy.types.set(name, type);
  for (const [name, made] of catalog.functions) copy.functions.set(name, made);
  copy.searchPath = catalog.searchPath;
  copy.timeZoneIsUtc = catalog.timeZoneIsUtc;
  return copy;
}
