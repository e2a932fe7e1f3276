/** The options by which a command chooses rules of `lint`. */

import { choice, words } from "./option.ts";

export const RULE_OPTIONS = {
  "rule": words("RULE", "apply only RULE; may be given more than once"),
  "disable": words("RULE", "do not apply RULE; may be given more than once"),
  "postgres-version": choice(["14", "15", "16", "17", "18"], {
    help: "the oldest PostgreSQL that the files must suit [14]",
  }),
};
