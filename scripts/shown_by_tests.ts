/** The table of docs/reliability.md that says which tests show which line: made from the names of the tests. */

/** The numbered lines of what can go wrong. */
export const ALL_LINES: readonly number[] = Array.from({ length: 32 }, (_, index) => index + 1);

/** What stands in the table for a line that no test shows. */
export const NONE = "none yet";

const START = "<!-- tests -->";
const END = "<!-- end of tests -->";

/** `failures 12: kill -9 of the client …` in a text in quotes of any kind. */
const NAME = /(["'`])failures (\d+): ((?:\\.|(?!\1)[^\\\n])+)\1/g;

export interface ShownBy {
  readonly line: number;
  readonly test: string;
  readonly file: string;
}

/** Finds every test of a line in the files of a folder. */
export async function findTests(root: string): Promise<readonly ShownBy[]> {
  const found: ShownBy[] = [];
  for await (const file of testFiles(root, "tests")) {
    found.push(...testsIn(await Deno.readTextFile(`${root}${file}`), file));
  }
  for await (const file of testFiles(root, "src")) {
    found.push(...testsIn(await Deno.readTextFile(`${root}${file}`), file));
  }
  return found.toSorted((a, b) => a.line - b.line || (a.file + a.test < b.file + b.test ? -1 : 1));
}

/** The tests whose names stand in one file. What the name takes from a variable is shown as `…`. */
export function testsIn(text: string, file: string): readonly ShownBy[] {
  return [...text.matchAll(NAME)].map(([, , line, name]) => ({
    line: Number(line),
    test: name!.replaceAll(/\$\{[^}]*\}/g, "…").replaceAll("\\", ""),
    file,
  }));
}

/** The table, as Markdown. */
export function table(tests: readonly ShownBy[]): string {
  const rows = ALL_LINES.flatMap((line) => {
    const shown = tests.filter((one) => one.line === line);
    if (shown.length === 0) return [`| ${line} | ${NONE} | |`];
    return shown.map(({ test, file }) => `| ${line} | ${test.replaceAll("|", "\\|")} | \`${file}\` |`);
  });
  return ["| line | test | file |", "| ---- | ---- | ---- |", ...rows].join("\n");
}

/** A document with the table put where its marks are. */
export function withTable(document: string, markdown: string): string {
  const [start, end] = [document.indexOf(START), document.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`The document has no place for the table: ${START} … ${END}`);
  return `${document.slice(0, start + START.length)}\n\n${markdown}\n\n${document.slice(end)}`;
}

/** Rows of tables in a document as lists of cells, however they are padded. */
export function cellsOf(document: string): readonly (readonly string[])[] {
  return document.split("\n").filter((line) => line.startsWith("|")).map((line) =>
    line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim())
  );
}

async function* testFiles(root: string, folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(root + folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory && name !== "node_modules") yield* testFiles(root, path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}
