import assert from "node:assert/strict";
import type { Finding, LintResult } from "../events.ts";
import { findingLines, lintClosing } from "./finding_text.ts";
import { humanRenderer } from "./human.ts";
import { ProofText } from "./proof_text.ts";
import { style } from "./style.ts";

const PLAIN = style(false);

const FINDING: Finding = {
  event: "finding",
  rule: "add-fk-valid",
  severity: "error",
  span: { file: "m/3_c.sql", line: 2, column: 4, endLine: 2, endColumn: 8, sourceLine: "a, bcde, f" },
  message: "Every row of posts is checked. Nobody can write to posts or users meanwhile.",
  safeForm: "SELECT 1;\n\n-- Migration 2 of 2: validate\nSELECT\n\t2;\n",
};

Deno.test("findingLines() says what is wrong, where, what to write instead, and where more of it stands", () => {
  assert.deepEqual(findingLines(FINDING, { columns: null, style: PLAIN }), [
    "error[add-fk-valid]: Every row of posts is checked. Nobody can write to posts or users meanwhile.",
    "  --> m/3_c.sql:2:4",
    "   |",
    " 2 | a, bcde, f",
    "   |    ^^^^",
    "instead:",
    "    SELECT 1;",
    "",
    "    -- Migration 2 of 2: validate",
    "    SELECT",
    "    \t2;",
    "more: docs/rules/add-fk-valid.md",
    "",
  ]);
});

Deno.test("findingLines() breaks a message at the width of a terminal, and underlines the first of several lines", () => {
  const span = { ...FINDING.span, endLine: 3, endColumn: 2 };
  const lines = findingLines({ ...FINDING, span, safeForm: null }, { columns: 40, style: PLAIN });
  assert.deepEqual(lines, [
    "error[add-fk-valid]: Every row of",
    "  posts is checked. Nobody can write to",
    "  posts or users meanwhile.",
    "  --> m/3_c.sql:2:4",
    "   |",
    " 2 | a, bcde, f",
    "   |    ^^^^^^^",
    "more: docs/rules/add-fk-valid.md",
    "",
  ]);
});

Deno.test("findingLines() shows nothing of a password, and nothing that a terminal acts on", () => {
  const text = findingLines({
    ...FINDING,
    span: { ...FINDING.span, sourceLine: "CREATE ROLE a PASSWORD 'hunter2';", column: 1, endColumn: 33 },
    message: "\x1b[2J",
    safeForm: "CREATE ROLE a PASSWORD 'hunter2'; -- \x1b[2J",
  }, { columns: null, style: PLAIN }).join("\n");
  assert.doesNotMatch(text, /hunter2|\p{Cc}(?<!\n)/u);
});

Deno.test("lintClosing() counts what was found, and says what can be done or was", () => {
  const answer: LintResult = {
    command: "lint",
    files: 3,
    unreadable: 0,
    findings: { error: 0, warning: 0, info: 0 },
    fixed: [],
    mended: 0,
    fixable: 0,
    rules: [],
  };
  assert.deepEqual(lintClosing(answer), ["No findings in 3 files."]);
  assert.deepEqual(lintClosing({ ...answer, files: 1, findings: { error: 2, warning: 0, info: 1 }, fixable: 2 }), [
    "2 errors and 1 note in 1 file. pgmigrate lint --fix writes the safe form of 2 of them; leave files alone that were applied.",
  ]);
  assert.deepEqual(lintClosing({ ...answer, unreadable: 1, fixed: ["m/1_a.sql", "m/4_b.sql"], mended: 1 }), [
    "wrote  m/1_a.sql",
    "wrote  m/4_b.sql",
    "Fixed 1 finding.",
    "No findings in 3 files. 1 file could not be linted.",
  ]);
});

Deno.test("of findings that share a safe form, the first shows it", () => {
  const options = {
    color: { stdout: false, stderr: false },
    live: false,
    quiet: false,
    verbose: false,
    columns: null,
    migrations: "m",
  };
  const render = humanRenderer(options, new ProofText(options));
  const shown = (finding: Finding) => render(finding).map(({ text }) => text).join("");
  assert.match(shown(FINDING), /^instead:\n {4}SELECT 1;$/m);
  assert.match(shown({ ...FINDING, rule: "add-unique" }), /^instead: as above$/m);
  assert.match(shown({ ...FINDING, span: { ...FINDING.span, file: "m/4_d.sql" } }), /^instead:$/m);
  assert.doesNotMatch(shown({ ...FINDING, safeForm: null }), /instead/);
});
