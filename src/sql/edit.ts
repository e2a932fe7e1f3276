/** How a file differs from what was applied. */

import type { ChangedLine, Edit } from "../events.ts";
import { parse } from "./parser.ts";
import { sameTree } from "./same_tree.ts";

/** Past so many added and removed lines the smallest difference takes too long to find. */
const MAX_CHANGED_LINES = 2_000;

/** But for `ignore`, which speaks to `lint` and changes nothing of how a file runs. */
const DIRECTIVE = /^[ \t]*--[ \t]*pgmigrate[ \t]*:(?![ \t]*ignore[ \t]*(?:=|$))(.*)$/gim;

/**
 * Says what changed between the text that was applied and the text as it is now, and whether the change means anything.
 *
 * Line ends are compared as the checksum does: CRLF is LF. A changed directive changes how the file runs, so it counts
 * as SQL, comment though it is.
 *
 * @param applied null where the tracker did not keep it
 * @param now null for a file that is too large to be held
 */
export async function describeEdit(applied: string | null, now: string | null): Promise<Edit> {
  if (applied === null || now === null) return { kind: "unknown", lines: [] };
  const [before, after] = [applied.replaceAll("\r\n", "\n"), now.replaceAll("\r\n", "\n")];
  return { kind: await kindOfEdit(before, after), lines: await changedLines(linesOf(before), linesOf(after)) };
}

/** The line end at the end of a text begins no line. */
function linesOf(text: string): readonly string[] {
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

async function kindOfEdit(before: string, after: string): Promise<Edit["kind"]> {
  if (!sameTree(directives(before), directives(after))) return "sql";
  const [old, current] = [await parse(before), await parse(after)];
  if (old.kind !== "statements" || current.kind !== "statements") return "unknown";
  const trees = [old, current].map(({ statements }) => statements.map(({ kind, node }) => ({ kind, node })));
  return sameTree(trees[0], trees[1]) ? "comments-or-white-space" : "sql";
}

function directives(text: string): readonly string[] {
  return [...text.matchAll(DIRECTIVE)].map(([, directive = ""]) => directive.trim());
}

async function changedLines(before: readonly string[], after: readonly string[]): Promise<readonly ChangedLine[]> {
  const { diffArrays } = await import("diff");
  const changes = diffArrays([...before], [...after], { maxEditLength: MAX_CHANGED_LINES });
  if (changes === undefined) return allBetweenSameEnds(before, after);
  return changes.flatMap(({ added, removed, value }) =>
    added || removed ? changed(added ? "added" : "removed", value) : []
  );
}

/** Everything between the lines that both texts start with and those that both end with. */
function allBetweenSameEnds(before: readonly string[], after: readonly string[]): readonly ChangedLine[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return [
    ...changed("removed", before.slice(start, before.length - end)),
    ...changed("added", after.slice(start, after.length - end)),
  ];
}

function changed(kind: ChangedLine["kind"], lines: readonly string[]): ChangedLine[] {
  return lines.map((text) => ({ kind, text }));
}
