/** The rules by their names, as the command line and the output know them. */

import type { RuleSummary } from "../events.ts";
import { IGNORE_RULES } from "./ignore_rules.ts";
import type { RuleFacts } from "./rule.ts";
import { RULES } from "./rules/mod.ts";

/** All rules, those about directives included, sorted by id. */
export const ALL_RULES: readonly RuleFacts[] = [...RULES, ...IGNORE_RULES].toSorted((a, b) => a.id < b.id ? -1 : 1);

/** What is said of some rules where findings are shown together with their rules. */
export function ruleSummaries(ids: ReadonlySet<string>): readonly RuleSummary[] {
  return ALL_RULES.filter(({ id }) => ids.has(id)).map(({ id, severity, fires, why, instead, source }) => (
    { id, severity, fires, why, instead, source }
  ));
}
