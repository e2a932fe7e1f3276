import { noRuleLeft, noSuchRule } from "../errors/lint.ts";
import { ALL_RULES } from "../lint/rule_ids.ts";

/**
 * The ids of the rules to apply: those that are named, or all where none is, but for those that are left out.
 *
 * @param options.nearest finds the id that somebody has mistyped
 * @throws {Failure} `unknown-rule`, `no-rule-left`
 */
export function chooseRules(
  { named, disabled = [], nearest = () => null }: {
    readonly named: readonly string[];
    readonly disabled?: readonly string[];
    readonly nearest?: (word: string, ids: readonly string[]) => string | null;
  },
): ReadonlySet<string> {
  const ids = ALL_RULES.map(({ id }) => id);
  const unknown = [...named, ...disabled].find((id) => !ids.includes(id));
  if (unknown !== undefined) throw noSuchRule(unknown, nearest(unknown, ids));
  const chosen = ids.filter((id) => (named.length === 0 || named.includes(id)) && !disabled.includes(id));
  if (chosen.length === 0) throw noRuleLeft();
  return new Set(chosen);
}
