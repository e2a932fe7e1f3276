/** What lint was asked to look at or to apply is not there. */

import { didYouMean } from "./command_line.ts";
import { Failure } from "./failure.ts";

/** @param directory where a file was expected */
export function directoryAsFile(directory: string): Failure {
  return new Failure("file-unreadable", 2, `${directory} is a directory, not a file`, {
    hint: `Name it with --migrations ${directory}`,
    file: directory,
  });
}

export function noSuchRule(rule: string, nearest: string | null): Failure {
  return new Failure("unknown-rule", 2, `There is no rule ${rule}`, {
    hint: didYouMean(nearest, "The rules are listed in docs/rules/README.md."),
  });
}

/** Whatever stands in the files, nothing would be found. */
export function noRuleLeft(): Failure {
  return new Failure("no-rule-left", 2, "No rule is left to apply: --disable names all of them", {
    hint: "Leave out --disable for the rules that --rule names.",
  });
}
