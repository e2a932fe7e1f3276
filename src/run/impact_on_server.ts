/** What rules say of a statement, beside what the server says of it. */

import { qualified } from "../catalog/catalog.ts";
import type { Explained } from "../database/explain_statement.ts";
import type { Impact } from "../impact/impact.ts";

/** The names of all relations in some impacts. */
export function existingNames(impacts: Iterable<Impact>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { locks, scans, rewrites } of impacts) {
    for (const { relation } of [...locks, ...scans, ...rewrites]) names.add(qualified(relation));
  }
  return names;
}

/** Which tables a query reads from end to end is decided by the planner, where it could be asked. */
export function withPlan(impact: Impact, explained: Explained | null): Impact {
  if (explained === null) return impact;
  const scans = explained.scans.map((relation) => {
    const known = impact.scans.find((one) => qualified(one.relation) === qualified(relation));
    return { relation, reason: known?.certain ? known.reason : "the planner finds no better way", certain: true };
  });
  return { ...impact, scans };
}
