import assert from "node:assert/strict";
import type { PlannedBlock } from "../events.ts";
import { blockedLines } from "./plan_text.ts";

function block(relation: string, seconds: number | null): PlannedBlock {
  const lock = { relation: `public.${relation}`, mode: "AccessExclusiveLock", blocks: "reads-and-writes" } as const;
  return { version: 2n, name: "002_a.sql", ...lock, seconds };
}

Deno.test("blockedLines() tells the tables that are kept from somebody for long, the longest first", () => {
  const writes = { ...block("b", 3.2), blocks: "writes" } as const;
  assert.deepEqual(blockedLines([block("a", 0.4), writes, block("c", 130), block("d", null)]), [
    "Reads and writes of public.d wait for nobody knows how long in 002_a.sql.",
    "Reads and writes of public.c wait for about 3 min in 002_a.sql (an estimate).",
    "Writes to public.b wait for about 4 s in 002_a.sql (an estimate).",
  ]);
  const many = Array.from({ length: 7 }, (_, index) => block(`t${index}`, 2 + index));
  assert.deepEqual(blockedLines(many).slice(4), [
    "Reads and writes of public.t2 wait for about 4 s in 002_a.sql (an estimate).",
    "2 more tables will keep somebody waiting.",
  ]);
});
