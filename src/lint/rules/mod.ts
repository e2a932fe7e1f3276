/** All rules of `lint`, sorted by id. */

import type { Rule } from "../rule.ts";
import { transactionInFile } from "./transaction_in_file.ts";

export const RULES: readonly Rule[] = [transactionInFile];
