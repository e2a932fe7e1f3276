/** All rules of `lint`, sorted by id. */

import type { Rule } from "../rule.ts";

export const RULES: readonly Rule[] = [];
