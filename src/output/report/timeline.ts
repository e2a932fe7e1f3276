/** Which table was locked when, and who would have had to wait: one lane a table, the worst first. */

import type { LockSpan, RehearsalReport, RehearsedMigration } from "../../events.ts";
import { type Html, html, NOTHING } from "./html.ts";
import { span } from "./span.ts";

type Blocks = LockSpan["blocks"];

const CLASSES: Readonly<Record<Blocks, string>> = {
  "reads-and-writes": "rw",
  "writes": "w",
  "row-writes": "row",
  "nobody": "ddl",
};

const WHO: Readonly<Record<Blocks, string>> = {
  "reads-and-writes": "Readers and writers wait",
  "writes": "Writers wait",
  "row-writes": "Who writes the same rows waits",
  "nobody": "Only who changes or vacuums the table",
};

const SEVERITY: readonly Blocks[] = ["nobody", "row-writes", "writes", "reads-and-writes"];

/** Lanes that are shown at once; the others can be opened. */
const MOST_LANES = 12;

interface Lane {
  readonly relation: string;
  readonly spans: readonly LockSpan[];
  /** For how long each kind of user was kept out; milliseconds. */
  readonly blockedMs: Readonly<Record<Blocks, number>>;
}

export function timeline({ locks, migrations, durationMs }: RehearsalReport): Html {
  const lanes = lanesOf(locks);
  const totalMs = Math.max(durationMs, ...locks.map(({ untilMs }) => untilMs), 0.001);
  const loud = lanes.filter(({ blockedMs }) =>
    blockedMs["reads-and-writes"] + blockedMs.writes + blockedMs["row-writes"] > 0
  );
  const shown = loud.slice(0, MOST_LANES);
  const rest = [...loud.slice(MOST_LANES), ...lanes.filter((lane) => !loud.includes(lane))];
  const body = shown.length === 0
    ? html`<p>No lock kept anybody from reading or writing a table that was there before.</p>`
    : html`<div class="bands" aria-hidden="true">${bands(migrations, totalMs)}</div>
<ul class="lanes">${shown.map((lane) => laneOf(lane, totalMs))}</ul>
<div class="axis" aria-hidden="true"><span>0</span><span>${span(totalMs / 2)}</span><span>${
      span(totalMs)
    }</span></div>`;
  return html`
    <section aria-labelledby="timeline">
      <h2 id="timeline">Who would have waited</h2>
      <p
        class="soft">A lock stays until its migration ends, and whoever comes while it is waited for queues behind it. Times are those of this database, with the rows that it has.</p>
      <div class="card">
    ${body}
    <ul class="legend">${SEVERITY.toReversed().map((blocks) =>
      html`<li><span class="${CLASSES[blocks]}"></span>${WHO[blocks]}</li>`
    )}</ul>
    ${rest.length === 0 ? NOTHING : html`
      <details>
        <summary>${rest.length} more that kept fewer waiting</summary>
        <ul class="lanes">${rest.map((lane) => laneOf(lane, totalMs))}</ul>
      </details>
    `}
      </div>
    </section>
  `;
}

function lanesOf(locks: readonly LockSpan[]): readonly Lane[] {
  const byRelation = Map.groupBy(locks, ({ relation }) => relation);
  const lanes = [...byRelation].map(([relation, spans]) => ({ relation, spans, blockedMs: blockedMs(spans) }));
  const weight = ({ blockedMs }: Lane) => SEVERITY.toReversed().map((blocks) => blockedMs[blocks]);
  return lanes.sort((one, other) => {
    const [a, b] = [weight(one), weight(other)];
    const differing = a.findIndex((ms, index) => ms !== b[index]);
    return differing === -1 ? 0 : b[differing]! - a[differing]!;
  });
}

/** Spans of one kind may overlap: what they cover together counts. */
function blockedMs(spans: readonly LockSpan[]): Lane["blockedMs"] {
  const covered = (kind: Blocks) => {
    let sum = 0;
    let until = -Infinity;
    for (const one of spans.filter(({ blocks }) => blocks === kind).sort((a, b) => a.fromMs - b.fromMs)) {
      sum += Math.max(0, one.untilMs - Math.max(one.fromMs, until));
      until = Math.max(until, one.untilMs);
    }
    return sum;
  };
  return {
    "reads-and-writes": covered("reads-and-writes"),
    "writes": covered("writes"),
    "row-writes": covered("row-writes"),
    "nobody": covered("nobody"),
  };
}

function laneOf({ relation, spans, blockedMs }: Lane, totalMs: number): Html {
  // What keeps most of them waiting is drawn last, over the others.
  const drawn = [...spans].sort((a, b) => SEVERITY.indexOf(a.blocks) - SEVERITY.indexOf(b.blocks));
  return html`
    <li class="lane">
      <div class="head"><bdi class="name mono">${relation}</bdi><span class="told">${told(blockedMs)}</span></div>
      <div class="track" aria-hidden="true">${drawn.map((one) => bar(one, totalMs))}</div>
    </li>
  `;
}

function told(blockedMs: Lane["blockedMs"]): Html {
  const readers = blockedMs["reads-and-writes"];
  if (readers > 0) return html`readers and writers wait <b>${span(readers)}</b>`;
  if (blockedMs.writes > 0) return html`writers wait <b>${span(blockedMs.writes)}</b>`;
  const rowWriters = blockedMs["row-writes"];
  if (rowWriters > 0) return html`who writes the same rows waits <b>${span(rowWriters)}</b>`;
  return html`nobody who reads or writes waits`;
}

function bar({ blocks, mode, name, fromMs, untilMs, queueMs }: LockSpan, totalMs: number): Html {
  const queue = queueMs < 0.05 ? "" : ` (${span(queueMs)} of it waited for)`;
  const title = `${mode}, ${span(untilMs - fromMs)}${queue}, ${name}`;
  return html`<span class="bar ${CLASSES[blocks]}" style="${
    position(fromMs, untilMs, totalMs)
  }" title="${title}"></span>`;
}

function bands(migrations: readonly RehearsedMigration[], totalMs: number): readonly Html[] {
  return migrations.filter(({ outcome }) => outcome !== "not_run").map(({ version, startMs, endMs }) =>
    html`<span class="band" style="${position(startMs, endMs, totalMs)}">${String(version)}</span>`
  );
}

function position(fromMs: number, untilMs: number, totalMs: number): string {
  const percent = (ms: number) => `${Math.min(100, Math.max(0, ms / totalMs * 100)).toFixed(3)}%`;
  return `--from:${percent(fromMs)};--length:${percent(untilMs - fromMs)}`;
}
