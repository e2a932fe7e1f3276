/** The pages of docs/rules/, made of the rules themselves. */

import type { Found } from "../src/lint/lint.ts";
import { IGNORE_RULES } from "../src/lint/ignore_rules.ts";
import type { RuleExample, RuleFacts } from "../src/lint/rule.ts";
import { ALL_RULES } from "../src/lint/rule_ids.ts";
import { findingLines } from "../src/output/finding_text.ts";
import { style } from "../src/output/style.ts";
import { lintTexts } from "./lint_texts.ts";

/** The versions that pgmigrate knows. */
export const OLDEST = 14;
const NEWEST = 18;

const WIDTH = 110;

/** Every page by its file's name. */
export async function rulePages(): Promise<ReadonlyMap<string, string>> {
  const pages = new Map([["README.md", overview()]]);
  for (const rule of ALL_RULES) pages.set(`${rule.id}.md`, await page(rule));
  return pages;
}

function overview(): string {
  const rows = ALL_RULES.map(({ id, severity, fires }) => `| [${id}](${id}.md) | ${severity} | ${cell(fires)} |`);
  return `# The rules of \`pgmigrate lint\`

An **error** fails, or makes readers or writers wait for as long as a table is large; \`lint\` exits with 7. A **warning**
can be right, when the programs around the database are ready for it; with \`--strict\` it counts as an error. An
**info** is worth a thought.

A table that was made in the same migration is nobody's yet: what is done to it there is no finding.

| rule | severity | fires on |
| ---- | -------- | -------- |
${rows.join("\n")}

These pages are made of the rules in \`src/lint/rules\` by \`deno task rules\`; the examples run as tests.
`;
}

async function page(rule: RuleFacts): Promise<string> {
  const parts = [
    `# ${rule.id}`,
    `**${capital(rule.severity)}.** Fires on ${rule.fires}.`,
    rule.why,
    `## Instead\n\n${rule.instead}`,
  ];
  for (const [index, example] of rule.examples.entries()) {
    const number = rule.examples.length === 1 ? "" : ` ${index + 1}`;
    parts.push(`## Example${number}\n\n${await exampleText(rule, example)}`);
  }
  parts.push(
    ...versions(rule) === null ? [] : [`## Versions\n\n${versions(rule)}`],
    ...IGNORE_RULES.includes(rule) ? [] : [
      `## Where it is right as it is\n\nSay so, and why, above the statement, at the end of one of its lines, or among the ` +
      `comments that open the file for all of it:\n\n${block("sql", `-- pgmigrate: ignore=${rule.id} REASON`)}`,
    ],
    `## Source\n\n[${sourceName(rule.source)}](${rule.source})`,
  );
  return parts.map((part) => part.trim()).join("\n\n") + "\n";
}

async function exampleText(rule: RuleFacts, { before, bad, good, goodFrom }: RuleExample): Promise<string> {
  const found = await lintTexts([...before, bad], { postgresVersion: versionFor(rule), before: before.length });
  const own = found.filter(({ finding }) => finding.rule === rule.id);
  const since = goodFrom === undefined ? "" : ` (PostgreSQL ${goodFrom} and newer)`;
  return [
    ...before.length === 0 ? [] : [`Before it:\n\n${block("sql", before.join("\n\n"))}`],
    `The migration:\n\n${block("sql", bad)}`,
    `What \`lint\` says:\n\n${block("text", said(own))}`,
    ...good.length === 0
      ? []
      : [`Better${good.length === 1 ? "" : `, in ${good.length} migrations`}${since}:\n\n${
        good.map((text) => block("sql", text)).join("\n\n")
      }`],
  ].join("\n\n");
}

function said(found: readonly Found[]): string {
  const looks = { columns: WIDTH, style: style(false) };
  return found.map(({ finding }) =>
    findingLines(finding, looks).filter((line) => !line.startsWith("more: ")).join("\n").trimEnd()
  ).join("\n\n");
}

/** The oldest version on which a rule fires. */
export function versionFor({ from = OLDEST }: RuleFacts): number {
  return Math.max(OLDEST, from);
}

function versions({ from = OLDEST, until = NEWEST }: RuleFacts): string | null {
  if (from <= OLDEST && until >= NEWEST) return null;
  const range = until >= NEWEST ? `${from} and newer` : from <= OLDEST ? `up to ${until}` : `${from} to ${until}`;
  return `Fires for PostgreSQL ${range}: see \`--postgres-version\`.`;
}

/** `sql-altertable`, of the address of a page. */
function sourceName(address: string): string {
  return `PostgreSQL: ${/([\w-]+)\.html/.exec(address)?.[1] ?? address}`;
}

function block(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trim()}\n\`\`\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
