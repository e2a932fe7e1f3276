/** The sentences that close a command: its answer in words. */

import type { StatusResult, UpResult, VerifyResult } from "../events.ts";
import { count, duration, list } from "./wording.ts";

/** @param planned how many migrations a dry run listed */
export function upClosing(answer: UpResult, planned: number): string {
  const at = position(answer.version);
  const applied = answer.applied.length;
  const pending = answer.pending.length;
  const recorded = answer.marked.length === 0
    ? ""
    : `${answer.dryRun ? "Would record" : "Recorded"} ${count(answer.marked.length, "migration")} as applied. `;
  if (answer.dryRun && planned > 0) {
    return `${recorded}${count(planned, "migration")} would be applied; nothing was changed. ${at}`;
  }
  const more = pending === 0 ? "" : ` ${count(pending, "migration")} ${pending === 1 ? "is" : "are"} still pending.`;
  if (applied > 0) {
    return `${recorded}Applied ${count(applied, "migration")} in ${duration(answer.durationMs)}. ${at}${more}`;
  }
  return `${recorded === "" ? "Nothing to do. " : recorded}${at}${more}`;
}

export function statusClosing(answer: StatusResult): string {
  const { applied, pending, edited, missing, out_of_order, unrecorded, unfinished } = answer.versions;
  const counts = [
    [applied, "applied"],
    [unrecorded, "applied without a checksum"],
    [edited, "edited"],
    [missing, "missing"],
    [pending, "pending"],
    [out_of_order, "out of order"],
    [unfinished, "unfinished"],
  ] as const;
  const parts = counts.filter(([versions]) => versions.length > 0).map(([versions, word]) =>
    `${versions.length} ${word}`
  );
  const total = counts.reduce((sum, [versions]) => sum + versions.length, 0);
  return `${count(total, "migration")}${parts.length === 0 ? "" : `: ${list(parts)}`}. ${position(answer.version)}`;
}

/** One or more lines: what was found, what to do about it, and the state digest. */
export function verifyClosing(answer: VerifyResult): readonly string[] {
  return [
    ...(answer.recorded.length === 0
      ? []
      : [`Recorded the checksums of ${count(answer.recorded.length, "migration")}.`]),
    ...findings(answer),
    `State digest: ${answer.stateDigest}`,
  ];
}

/** What `--restore` cannot write, for want of a text or of a name for a file, it is not proposed for. */
function bringBack(missing: number, restorable: number): string {
  if (restorable === missing) return "Bring files back: pgmigrate verify --restore";
  if (restorable === 0) return "Bring files back from version control: the tracker cannot give them";
  return `Bring files back: ${restorable} with pgmigrate verify --restore, ${
    missing - restorable
  } from version control`;
}

function findings({ versions, restorable }: VerifyResult): readonly string[] {
  const { applied, edited, missing, out_of_order, unrecorded, unfinished } = versions;
  const total = applied.length + edited.length + missing.length + unrecorded.length;
  const of = (found: readonly bigint[], verb: readonly [string, string]) =>
    `${found.length} of ${count(total, "applied migration")} ${verb[found.length === 1 ? 0 : 1]}`;
  const sentences = [
    ...(edited.length === 0 ? [] : [
      `${of(edited, ["was", "were"])} edited. ` +
      "Take the edit back, and make the change in a new migration: pgmigrate new",
    ]),
    ...(missing.length === 0
      ? []
      : [`${of(missing, ["is", "are"])} missing. ${bringBack(missing.length, restorable.length)}`]),
    ...(unrecorded.length === 0 ? [] : [
      `${of(unrecorded, ["has", "have"])} no checksum. Trust the files as they are now: pgmigrate verify --record`,
    ]),
    ...(out_of_order.length === 0 ? [] : [
      `${count(out_of_order.length, "pending migration")} ${
        out_of_order.length === 1 ? "is" : "are"
      } older than what was ` +
      "applied. Give a new number, or apply anyway: pgmigrate up --allow-out-of-order",
    ]),
    ...(unfinished.length === 0 ? [] : [
      `${count(unfinished.length, "migration")} began and did not end: pgmigrate up says how to go on.`,
    ]),
  ];
  if (sentences.length > 0) return sentences;
  if (total === 0) return ["No migration has been applied: there is nothing to verify."];
  return [total === 1 ? "The applied migration is unchanged." : `All ${total} applied migrations are unchanged.`];
}

function position(version: bigint | null): string {
  return version === null ? "Nothing is applied yet." : `The database is at version ${version}.`;
}
