/** Everything that is fuzzed. */

import { DSN } from "./dsn.ts";
import { FILES } from "./files.ts";
import type { Fuzzed } from "./fuzzed.ts";
import { HISTORY } from "./history.ts";
import { LINT } from "./lint.ts";
import { OUTPUT } from "./output.ts";
import { SCRIPT } from "./script.ts";
import { WIRE } from "./wire.ts";

export const ALL: readonly Fuzzed<unknown>[] = [...DSN, ...FILES, ...HISTORY, ...LINT, ...OUTPUT, ...SCRIPT, ...WIRE];
