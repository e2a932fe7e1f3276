/** The options by which a command chooses rules of `lint`. */

import { noSuchRule } from "../errors.ts";
import { nearest } from "./nearest.ts";
import { choice, words } from "./option.ts";
import { showArgument } from "./show_argument.ts";

export const RULE_OPTIONS = {
  "rule": words("RULE", "apply only RULE; may be given more than once"),
  "disable": words("RULE", "do not apply RULE; may be given more than once"),
  "postgres-version": choice(["14", "15", "16", "17", "18"], {
    help: "the oldest PostgreSQL that the files must suit [14]",
  }),
};

/**
 * The rules to apply.
 *
 * @throws {Failure} `unknown-rule`
 */
export async function chosenRules(
  { rule, disable }: { readonly rule: readonly string[]; readonly disable: readonly string[] },
): Promise<ReadonlySet<string>> {
  const { ALL_RULES } = await import("../lint/rule_ids.ts");
  const ids = ALL_RULES.map(({ id }) => id);
  check(rule, { setting: "--rule", ids });
  check(disable, { setting: "--disable", ids });
  return new Set(ids.filter((id) => (rule.length === 0 || rule.includes(id)) && !disable.includes(id)));
}

function check(
  given: readonly string[],
  { setting, ids }: { readonly setting: string; readonly ids: readonly string[] },
) {
  const unknown = given.find((id) => !ids.includes(id));
  if (unknown !== undefined) throw noSuchRule(setting, showArgument(unknown), nearest(unknown, ids));
}
