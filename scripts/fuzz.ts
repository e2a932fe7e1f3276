/**
 * Fuzzes everything that tests/fuzz lists, for longer than the tests do:
 *
 *   deno task fuzz                    a minute each
 *   deno task fuzz --seconds 600      ten minutes each
 *   deno task fuzz --runs 1000000     so many runs each
 *   deno task fuzz --only password    those whose name has this word
 *   deno task fuzz --seed 42          with this seed
 *
 * Each runs in a worker that tells every input before it is tried, so that one that never ends can be shown. What fails
 * is printed with its seed and as small as it could be made. Put it into the corpus beside the property: it is a test then.
 */

import { parseArgs } from "node:util";
import { ALL } from "../tests/fuzz/all.ts";
import type { Ended, Task } from "../tests/fuzz/worker.ts";

/** No input takes so long. */
const HANGS_AFTER_MS = 60_000;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    runs: { type: "string" },
    only: { type: "string", default: "" },
    seed: { type: "string" },
  },
});

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const chosen = [...ALL.keys()].filter((index) => ALL[index]!.name.includes(values.only));
let failed = 0;
for (const index of chosen) {
  const start = performance.now();
  const runs = values.runs === undefined ? null : Number(values.runs);
  const { report, made } = await run({ index, seed, runs, seconds: Number(values.seconds) });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${report === null ? "ok    " : "FAILED"}  ${ALL[index]!.name} (${made} runs, ${seconds} s)`);
  if (report === null) continue;
  failed++;
  console.log(`seed ${seed}\n${report}\n`);
}
console.log(`${chosen.length - failed} passed, ${failed} failed (seed ${seed})`);
if (failed > 0 || chosen.length === 0) Deno.exitCode = 1;

function run(task: Task): Promise<Ended> {
  const worker = new Worker(new URL("../tests/fuzz/worker.ts", import.meta.url), { type: "module" });
  let input = "";
  let made = 0;
  let last = performance.now();
  return new Promise((resolve, reject) => {
    const end = (ended: Ended) => {
      clearInterval(watch);
      worker.terminate();
      resolve(ended);
    };
    const watch = setInterval(() => {
      if (performance.now() - last > HANGS_AFTER_MS) end({ report: `It does not end with the input ${input}`, made });
    }, 1_000);
    worker.onmessage = ({ data }: MessageEvent<Ended | string>) => {
      last = performance.now();
      if (typeof data !== "string") return end({ ...data, made });
      input = data;
      made++;
    };
    worker.onerror = (event) => reject(event.error ?? new Error(event.message));
    worker.postMessage(task);
  });
}
