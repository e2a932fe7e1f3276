/** Each statement of each migration, with what was measured of it. */

import type { RehearsalReport, RehearsedMigration, RehearsedStatement } from "../../events.ts";
import { bytes } from "../wording.ts";
import { type Html, html, NOTHING } from "./html.ts";
import { span } from "./span.ts";

export function statements({ migrations }: RehearsalReport): Html {
  const longest = Math.max(0.001, ...migrations.flatMap((one) => one.statements.map(durationOf)));
  return html`<section aria-labelledby="statements">
<h2 id="statements">Statements</h2>
<p class="soft"><span class="key waiting"></span>waiting for locks <span class="key working"></span>work</p>
${migrations.map((migration) => migrationOf(migration, longest))}
</section>`;
}

const OUTCOMES: Readonly<Record<RehearsedMigration["outcome"], string>> = {
  rehearsed: "",
  failed: "failed",
  not_run: "not run",
};

function migrationOf(migration: RehearsedMigration, longest: number): Html {
  const { name, transactional, startMs, endMs, outcome, statements } = migration;
  const facts = [
    ...OUTCOMES[outcome] === "" ? [] : [OUTCOMES[outcome]],
    ...transactional ? [] : ["outside a transaction"],
    ...outcome === "not_run" ? [] : [span(endMs - startMs)],
  ];
  return html`<article class="card migration">
<div class="head"><h3><bdi class="mono">${name}</bdi></h3><span class="soft">${facts.join(", ")}</span></div>
${
    statements.length === 0
      ? NOTHING
      : html`<ol class="statements">${statements.map((one) => statementOf(one, longest))}</ol>`
  }
</article>`;
}

function statementOf(statement: RehearsedStatement, longest: number): Html {
  const { judged, waits, text } = statement;
  const { span: where, verdict, locks, scans, rewrites, reason } = judged;
  const ms = durationOf(statement);
  const waitMs = judged.measured?.waitMs ?? 0;
  const { rows = 0, walBytes = 0 } = judged.measured ?? {};
  const part = (of: number) => `--length:${(of / longest * 100).toFixed(3)}%`;
  const number = (value: string, what: string) => html`<li><b>${value}</b> ${what}</li>`;
  return html`<li class="statement">
<div class="head"><span class="line">line ${where.line}</span><span class="mono">${judged.statement}</span><span class="badge ${verdict}">${verdict}</span><span class="time">${
    span(ms)
  }</span></div>
<div class="spent" aria-hidden="true"><i class="waiting" style="${part(waitMs)}"></i><i class="working" style="${
    part(ms - waitMs)
  }"></i></div>
<p>${reason}.</p>
<ul class="numbers">
${waitMs < 0.05 ? NOTHING : number(span(waitMs), "waiting for locks")}
${rows === 0 ? NOTHING : number(rows.toLocaleString("en-US"), rows === 1 ? "row" : "rows")}
${number(bytes(walBytes), "of WAL")}
${scans.length === 0 ? NOTHING : number(scans.join(", "), "read from end to end")}
${rewrites.length === 0 ? NOTHING : number(rewrites.join(", "), "written anew")}
</ul>
${waits.map((wait) => html`<p class="soft">${wait}</p>`)}
${locks.length === 0 ? NOTHING : locksOf(locks)}
<details><summary>SQL</summary><pre><code>${text}</code></pre></details>
</li>`;
}

function locksOf(locks: RehearsedStatement["judged"]["locks"]): Html {
  return html`
    <details>
      <summary>${locks.length} ${locks.length === 1 ? "lock" : "locks"}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Relation</th>
            <th scope="col">Mode</th>
          </tr>
        </thead>
        <tbody>${locks.map(({ relation, mode }) =>
          html`
            <tr>
              <td><bdi class="mono">${relation}</bdi></td>
              <td class="mono mode">${mode}</td>
            </tr>
          `
        )}</tbody>
      </table>
    </details>
  `;
}

function durationOf({ judged }: RehearsedStatement): number {
  return judged.measured?.durationMs ?? 0;
}
