/** What is wrong with directives `ignore`: rules about the comments of a file, not about its statements. */

import type { RuleFacts } from "./rule.ts";

const BEFORE = ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"];

const SOURCE = "https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-COMMENTS";

export const ignoreWithoutReason: RuleFacts = {
  id: "ignore-without-reason",
  severity: "error",
  fires: "the directive ignore without a reason",
  why:
    "Whoever reads the file later cannot tell a decision from an oversight, and does not know when it stops being right.",
  instead: "Write why it is safe here, behind the rule's name.",
  source: SOURCE,
  examples: [{
    before: BEFORE,
    bad: "-- pgmigrate: ignore=drop-column\nALTER TABLE posts DROP COLUMN title;",
    good: ["-- pgmigrate: ignore=drop-column no release since 3.2 reads it\nALTER TABLE posts DROP COLUMN title;"],
  }],
};

export const unusedIgnore: RuleFacts = {
  id: "unused-ignore",
  severity: "warning",
  fires: "the directive ignore where the rule finds nothing",
  why:
    "It says that something here is dangerous, and nothing is: the statement has changed, or the directive stands at " +
    "another one than it is meant for. What it would hide one day, nobody has thought about.",
  instead: "Take it out, or put it above the statement that it is about.",
  source: SOURCE,
  examples: [{
    before: BEFORE,
    bad:
      "-- pgmigrate: ignore=drop-column no release since 3.2 reads it\nALTER TABLE posts ALTER COLUMN title DROP DEFAULT;",
    good: ["ALTER TABLE posts ALTER COLUMN title DROP DEFAULT;"],
  }],
};

export const unknownRule: RuleFacts = {
  id: "unknown-rule",
  severity: "error",
  fires: "the directive ignore with a rule that does not exist",
  why: "It hides nothing, and whoever wrote it believes that it does.",
  instead: "Write the rule's name as lint prints it, in brackets.",
  source: SOURCE,
  examples: [{
    before: BEFORE,
    bad: "-- pgmigrate: ignore=drop-colum no release since 3.2 reads it\nALTER TABLE posts DROP COLUMN title;",
    good: ["-- pgmigrate: ignore=drop-column no release since 3.2 reads it\nALTER TABLE posts DROP COLUMN title;"],
  }],
};

export const IGNORE_RULES: readonly RuleFacts[] = [ignoreWithoutReason, unknownRule, unusedIgnore];
