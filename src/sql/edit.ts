/** How a file differs from what was applied. */

import type { ChangedLine, Edit } from "../events.ts";
import { parse } from "./parser.ts";
import { sameTree } from "./same_tree.ts";
import { readScript } from "./script.ts";
import { ScriptReader } from "./script_reader.ts";

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
  if (applied === null) return { kind: "unknown", lines: [] };
  if (now === null) return { kind: "unparsed", lines: [] };
  const [before, after] = [applied.replaceAll("\r\n", "\n"), now.replaceAll("\r\n", "\n")];
  return { kind: await kindOfEdit(before, after), lines: await changedLines(linesOf(before), linesOf(after)) };
}

/** The line end at the end of a text begins no line. */
function linesOf(text: string): readonly string[] {
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

async function kindOfEdit(before: string, after: string): Promise<Edit["kind"]> {
  const sql = await kindOfSqlEdit(readScript(before).sql, readScript(after).sql);
  return sql !== "comments-or-white-space" || sameTree(dataOf(before), dataOf(after)) ? sql : "data";
}

async function kindOfSqlEdit(before: string, after: string): Promise<Edit["kind"]> {
  if (before === after) return "comments-or-white-space";
  if (!sameTree(directives(before), directives(after))) return "sql";
  const [old, current] = [await parse(before), await parse(after)];
  if (old.kind !== "statements" || current.kind !== "statements") {
    const isTooLarge = old.kind === "too-large" || current.kind === "too-large";
    // White space and comments do not make what can be parsed of what cannot.
    return old.kind === current.kind || isTooLarge ? "unparsed" : "sql";
  }
  const trees = [old, current].map(({ statements }) => statements.map(({ kind, node }) => ({ kind, node })));
  return sameTree(trees[0], trees[1]) ? "comments-or-white-space" : "sql";
}

/** The data of each COPY. */
function dataOf(text: string): readonly string[] {
  const reader = new ScriptReader();
  const decoder = new TextDecoder();
  const all: string[] = [];
  let data = "";
  for (const piece of [...reader.push(new TextEncoder().encode(text)), ...reader.end()]) {
    if (piece.kind === "data") data += decoder.decode(piece.bytes, { stream: true });
    if (piece.kind !== "data-end") continue;
    all.push(data);
    data = "";
  }
  return all;
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
