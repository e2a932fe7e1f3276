/** The page that `rehearse --report` writes: one file that needs no network and runs no script. */

import type { Failure } from "../../errors/failure.ts";
import type { Finding, LockSpan, RehearsalReport } from "../../events.ts";
import { bytes, time } from "../wording.ts";
import { Html, html, NOTHING } from "./html.ts";
import { statements } from "./statements.ts";
import { STYLES } from "./styles.ts";
import { timeline } from "./timeline.ts";
import { span } from "./span.ts";

/** What a browser may do with it: show it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export function reportPage(report: RehearsalReport): string {
  const title = `Rehearsal of ${report.database}`;
  const page = html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="${POLICY}">
        <meta name="referrer" content="no-referrer">
        <title>${title}</title>
        <style>${new Html(STYLES)}</style>
      </head>
      <body>
        <header>
    <h1>Rehearsal of <bdi>${report.database}</bdi></h1>
    <p class="soft">${subtitle(report)}</p>
    ${facts(report)}
        </header>
        <main>
    ${report.failure === null ? NOTHING : failed(report.failure)}
    ${report.migrations.length === 0 ? html`<p class="card">Nothing is pending.</p>` : NOTHING}
    ${report.migrations.length === 0 ? NOTHING : timeline(report)}
    ${report.migrations.length === 0 ? NOTHING : statements(report)}
    ${findings(report.findings)}
        </main>
        <footer>${report.notes.map((note) => html`<p>${note}</p>`)}</footer>
      </body>
    </html>
  `;
  return page.text;
}

const PLACES: Readonly<Record<RehearsalReport["place"], string>> = {
  "template": "on a copy made for it",
  "url": "on a restored copy",
  "in-place": "on the database itself",
};

function subtitle({ at, place, server }: RehearsalReport): string {
  return [time(at), PLACES[place], ...server === "" ? [] : [`PostgreSQL ${server}`]].join(" · ");
}

const WAITING: Readonly<Record<LockSpan["blocks"], string>> = {
  "reads-and-writes": "Readers wait up to",
  "writes": "Writers wait up to",
  "row-writes": "Writers of a row wait up to",
  "nobody": "Changes wait up to",
};

function facts({ migrations, durationMs, locks }: RehearsalReport): Html {
  const rehearsed = migrations.filter(({ outcome }) => outcome === "rehearsed").length;
  const measured = migrations.flatMap((one) => one.statements.flatMap(({ judged }) => judged.measured ?? []));
  const sum = (pick: (one: typeof measured[number]) => number) => measured.reduce((all, one) => all + pick(one), 0);
  const longest = (blocks: string) =>
    locks.filter((lock) => lock.blocks === blocks).reduce<typeof locks[number] | null>(
      (best, lock) => best === null || lock.untilMs - lock.fromMs > best.untilMs - best.fromMs ? lock : best,
      null,
    );
  const worst = longest("reads-and-writes") ?? longest("writes") ?? longest("row-writes");
  return html`
    <dl class="facts">
      <div>
        <dt>Rehearsed</dt>
        <dd>${rehearsed} of ${migrations.length}<small>${migrations.length === 1
          ? "migration"
          : "migrations"}</small></dd>
      </div>
      <div>
        <dt>${WAITING[worst?.blocks ?? "reads-and-writes"]}</dt>
        <dd>${worst === null ? "0 ms" : span(worst.untilMs - worst.fromMs)}<small>${worst === null
          ? "no table was kept from anybody"
          : html`on <bdi class="mono">${worst.relation}</bdi>`}</small></dd>
      </div>
      <div>
        <dt>Time in all</dt>
        <dd>${span(durationMs)}<small>${span(sum(({ waitMs }) => waitMs))} of it waiting</small></dd>
      </div>
      <div>
        <dt>WAL</dt>
        <dd>${bytes(sum(({ walBytes }) => walBytes))}<small>written by the server</small></dd>
      </div>
    </dl>
  `;
}

function failed({ message, details: { place, sqlstate, detail, hint, state, items = [] } }: Failure): Html {
  return html`<section class="card failure" aria-labelledby="failed">
<h2 id="failed" style="margin-top:0">It failed</h2>
<p>${message}${sqlstate === undefined ? "" : ` [${sqlstate}]`}</p>
${
    place === undefined ? NOTHING : html`<pre><code>${place.file}:${place.line}:${place.column}
${place.sourceLine.slice(0, 500)}</code></pre>`
  }
${[detail, ...items, hint, state].flatMap((text) => text === undefined ? [] : [html`<p class="soft">${text}</p>`])}
</section>`;
}

function findings(all: readonly Finding[]): Html {
  if (all.length === 0) return NOTHING;
  return html`<section aria-labelledby="findings">
<h2 id="findings">Findings</h2>
${all.map(findingOf)}
</section>`;
}

function findingOf({ rule, severity, span: where, message, safeForm }: Finding): Html {
  return html`<article class="card">
<div class="head"><span class="badge ${severity}">${severity}</span> <span class="mono">${rule}</span> <span class="soft mono">${where.file}:${where.line}</span></div>
<p>${message}</p>
${
    safeForm === null ? NOTHING : html`
      <details>
        <summary>Safe form</summary>
        <pre><code>${safeForm}</code></pre>
      </details>
    `
  }
</article>`;
}
