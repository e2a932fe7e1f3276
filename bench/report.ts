/** What was measured as a table, for the terminal and for docs/performance.md. */

export interface Row {
  readonly what: string;
  readonly tool: string;
  readonly value: string;
  /** How many times as long as psql. */
  readonly ratio: string;
  readonly target: string;
}

const HEAD: Row = { what: "", tool: "", value: "median", ratio: "times psql", target: "target" };

/** What stands between these two lines of the page is written anew. */
const BEGIN = "<!-- deno task bench writes what follows -->";
const END = "<!-- and here it ends -->";

/** For a terminal, in columns. */
export function tableText(rows: readonly Row[]): string {
  return [HEAD, ...rows].map(({ what, tool, value, ratio, target }) =>
    [what.padEnd(32), tool.padEnd(30), value.padStart(10), ratio.padStart(12), target.padStart(10)].join("")
  ).join("\n");
}

/** @throws {Error} when the page has no place for it */
export function pageWith(page: string, { rows, versions, commands, deno }: {
  readonly rows: readonly Row[];
  readonly versions: readonly string[];
  readonly commands: readonly string[];
  readonly deno: string | null;
}): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end === -1) throw new Error(`docs/performance.md has no lines ${BEGIN} and ${END}`);
  const date = new Date().toISOString().slice(0, 10);
  const { hardwareConcurrency } = navigator;
  const measured = [
    `Measured on ${date} on ${hardwareConcurrency} cores, PostgreSQL 18 on the same machine with \`fsync = off\`.`,
    "",
    // In a paragraph of its own no line is so long that deno fmt would break it.
    `Compiled with ${deno}.`,
    "",
    "![Time against the number of files](performance-files.svg)",
    "",
    "![Time against the round trip](performance-round-trip.svg)",
    "",
    markdownTable(rows),
    "",
    "```text",
    ...versions,
    "",
    ...commands,
    "```",
  ].join("\n");
  return `${page.slice(0, begin)}${BEGIN}\n\n${measured}\n\n${page.slice(end)}`;
}

function markdownTable(rows: readonly Row[]): string {
  const cells = [HEAD, ...rows].map(({ what, tool, value, ratio, target }) => [what, tool, value, ratio, target]);
  const widths = cells[0]!.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const [head, ...rest] = cells;
  return [line(head!), line(widths.map((width) => "-".repeat(width))), ...rest.map(line)].join("\n");
}
