/** How the page looks: light and dark, from a phone to a desk. Everything is in the file; nothing is loaded. */

export const STYLES = `
:root {
  color-scheme: light dark;
  --page: #f6f5f2; --card: #ffffff; --text: #1d2127; --soft: #5a626d; --line: #dfdcd5; --track: #eceae4; --code: #f1efe9;
  --rw: #c2352a; --w: #b36a00; --ddl: #4f76a3; --row: #4d7f4f; --wait: #8a5fb0;
  --rw-text: #a32a20; --w-text: #85500a; --ddl-text: #365b86; --good-text: #216340;
  --rw-soft: #fbe7e4; --w-soft: #fbeed8; --ddl-soft: #e6edf5; --good-soft: #e2f2e8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121417; --card: #1b1e23; --text: #e8e6e1; --soft: #a3abb5; --line: #30353d; --track: #272b31; --code: #15181c;
    --rw: #ff7d70; --w: #f0b04c; --ddl: #86acd8; --row: #8fc791; --wait: #c79bec;
    --rw-text: #ff9c92; --w-text: #f3bf6e; --ddl-text: #a3c2e6; --good-text: #7fd6a3;
    --rw-soft: #40201d; --w-soft: #3b2d14; --ddl-soft: #1f2c3a; --good-soft: #17301f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text); line-height: 1.5;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
footer { padding-bottom: 3rem; color: var(--soft); font-size: .875rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .25rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .25rem 0; }
code, pre, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code, .mono { font-size: .92em; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.25rem; margin: .75rem 0; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; padding: 0; }
.facts div { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: .75rem 1rem; }
.facts dt { color: var(--soft); font-size: .8125rem; }
.facts dd { margin: .1rem 0 0; font-size: 1.35rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.facts small { display: block; font-size: .8125rem; font-weight: 400; color: var(--soft); overflow-wrap: anywhere; }

.failure { border-left: .3rem solid var(--rw); }
.failure pre { margin: .5rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }

.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .35rem 1.25rem; padding: 0; margin: .5rem 0 0; font-size: .875rem; color: var(--soft); }
.legend span { display: inline-block; width: 1.4rem; height: .7rem; border-radius: .2rem; margin-right: .45rem; vertical-align: baseline; }
.rw { background-color: var(--rw); }
.w { background-color: var(--w); background-image: repeating-linear-gradient(135deg, transparent 0 4px, rgb(255 255 255 / .28) 4px 7px); }
.row { background-color: var(--row); }
.ddl { background-color: var(--ddl); }

.lanes { list-style: none; margin: 0; padding: 0; }
.lane { padding: .7rem 0; border-top: 1px solid var(--line); }
.lane:first-child { border-top: 0; }
.lane .head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; padding: 0; max-width: none; }
.lane .name { font-weight: 600; overflow-wrap: anywhere; }
.lane .told { font-size: .875rem; color: var(--soft); }
.lane .told b { color: var(--text); font-weight: 600; }
.track { position: relative; height: 1.15rem; margin-top: .35rem; background: var(--track); border-radius: .3rem; overflow: hidden; }
.bar { position: absolute; top: .2rem; bottom: .2rem; left: var(--from); width: max(var(--length), 3px); border-radius: .15rem; }
.bar.rw { top: 0; bottom: 0; }
.bands { display: flex; position: relative; height: 1.5rem; font-size: .75rem; color: var(--soft); }
.band { position: absolute; left: var(--from); width: var(--length); top: 0; bottom: 0; border-left: 1px solid var(--line); padding-left: .3rem; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.axis { display: flex; justify-content: space-between; font-size: .75rem; color: var(--soft); font-variant-numeric: tabular-nums; margin-top: .25rem; }

.migration { margin-top: 1rem; }
.migration > .head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; align-items: baseline; }
.statements { list-style: none; padding: 0; margin: .75rem 0 0; }
.statement { border-top: 1px solid var(--line); padding: .8rem 0; }
.statement:last-child { padding-bottom: 0; }
.statement .head { display: flex; flex-wrap: wrap; gap: .15rem .75rem; align-items: baseline; }
.statement .line { color: var(--soft); font-size: .8125rem; font-variant-numeric: tabular-nums; }
.statement .time { margin-left: auto; font-weight: 600; font-variant-numeric: tabular-nums; }
.badge { font-size: .75rem; font-weight: 650; padding: .05rem .5rem; border-radius: 1rem; }
.instant { background: var(--good-soft); color: var(--good-text); }
.short { background: var(--ddl-soft); color: var(--ddl-text); }
.long { background: var(--w-soft); color: var(--w-text); }
.dangerous { background: var(--rw-soft); color: var(--rw-text); }
.error { background: var(--rw-soft); color: var(--rw-text); }
.warning { background: var(--w-soft); color: var(--w-text); }
.info { background: var(--ddl-soft); color: var(--ddl-text); }
.spent { display: flex; height: .4rem; margin: .4rem 0; background: var(--track); border-radius: .2rem; overflow: hidden; }
.spent i { display: block; height: 100%; width: var(--length); }
.spent .waiting { background: var(--wait); }
.spent .working { background: var(--soft); }
.numbers { display: flex; flex-wrap: wrap; gap: .1rem 1.25rem; margin: .35rem 0 0; padding: 0; list-style: none; font-size: .875rem; color: var(--soft); }
.numbers b { color: var(--text); font-weight: 600; font-variant-numeric: tabular-nums; }
details { margin-top: .4rem; font-size: .875rem; }
summary { cursor: pointer; color: var(--soft); }
details pre { background: var(--code); border-radius: .5rem; padding: .6rem .8rem; margin: .4rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; margin-top: .4rem; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: .25rem .75rem .25rem 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td.mode { white-space: nowrap; padding-right: 0; }
.key { display: inline-block; width: 1.4rem; height: .4rem; border-radius: .2rem; margin: 0 .35rem .15rem 0; }
.key.waiting { background: var(--wait); }
.key.working { background: var(--soft); margin-left: .9rem; }
a { color: inherit; }
:focus-visible { outline: 2px solid var(--ddl); outline-offset: 2px; }

@media (max-width: 40rem) {
  header { padding-top: 1.5rem; }
  main, header, footer { padding-left: .9rem; padding-right: .9rem; }
  h1 { font-size: 1.4rem; }
  .card { padding: .8rem .9rem; }
  .facts { grid-template-columns: 1fr 1fr; gap: .5rem; }
  .facts dd { font-size: 1.15rem; }
}
@media print {
  body { background: none; }
  .card, .facts div { break-inside: avoid; }
  .rw, .w, .row, .ddl { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
