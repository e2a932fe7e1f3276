/** The table of commands, in the order in which the help lists them. */

import type { Command } from "./command.ts";
import { checkCommand } from "./commands/check.ts";
import { lintCommand } from "./commands/lint.ts";
import { newCommand } from "./commands/new.ts";
import { planCommand } from "./commands/plan.ts";
import { rehearseCommand } from "./commands/rehearse.ts";
import { statusCommand } from "./commands/status.ts";
import { upCommand } from "./commands/up.ts";
import { verifyCommand } from "./commands/verify.ts";

export const COMMANDS: readonly Command[] = [
  upCommand,
  statusCommand,
  verifyCommand,
  newCommand,
  lintCommand,
  checkCommand,
  planCommand,
  rehearseCommand,
];
