import type { RangeVar } from "libpg-query";
import type { Catalog, Relation } from "../../catalog/catalog.ts";
import { isSame, resolveRelation } from "../../catalog/resolve.ts";
import { foreignKeysTo } from "../../impact/relatives.ts";
import type { Statement } from "../../sql/parser.ts";
import { isInUse } from "../in_use.ts";
import type { Rule } from "../rule.ts";
import { listOf, shownName } from "../shown_name.ts";
import { nameSpan, ownTokens, withEdits } from "../text_edits.ts";

export const truncateCascade: Rule = {
  id: "truncate-cascade",
  severity: "warning",
  fires: "TRUNCATE … CASCADE",
  why: "It empties every table that has a foreign key to one of those named, and every table that has one to these, " +
    "whether the statement names it or not, and takes an ACCESS EXCLUSIVE lock on each. A table that gets such a key next " +
    "year is emptied too.",
  instead: "Name all tables that are meant, without CASCADE: the server then refuses to empty any other.",
  source: "https://www.postgresql.org/docs/current/sql-truncate.html",
  examples: [{
    before: [
      `CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));`,
    ],
    bad: "TRUNCATE users CASCADE;",
    good: ["TRUNCATE users, posts;"],
  }],
  check: ({ statement, catalog }, file) => {
    if (statement.kind !== "TruncateStmt" || statement.node.behavior !== "DROP_CASCADE") return [];
    const ranges = (statement.node.relations ?? []).flatMap((node) => "RangeVar" in node ? [node.RangeVar] : []);
    const named = ranges.flatMap((range) => resolveRelation(catalog, range) ?? []);
    const all = withReferencing(named, catalog);
    if (!all.some((table) => isInUse(table, file))) return [];
    const others = all.slice(named.length).map((table) => shownName(table));
    return [{
      message: others.length === 0
        ? "It also empties and locks every table that has a foreign key to one of these: no migration makes one."
        : `It also empties and locks ${listOf(others)}, and every other table that has a foreign key to one of these.`,
      safeForm: withoutCascade(statement, { last: ranges.at(-1), others }),
      fix: null,
    }];
  },
};

/** With the tables by name that CASCADE would empty; null where its words are not found. */
function withoutCascade(
  statement: Statement,
  { last, others }: { readonly last: RangeVar | undefined; readonly others: readonly string[] },
): string | null {
  const name = last === undefined ? null : nameSpan(statement, last);
  const words = ownTokens(statement);
  const [before, cascade] = [words.at(-2), words.at(-1)];
  if (name === null || before === undefined || cascade === undefined) return null;
  const named = { start: name.end, end: name.end, text: others.map((table) => `, ${table}`).join("") };
  const edits = [named, { start: before.end, end: cascade.end, text: "" }];
  return `${withEdits(statement, edits)};`;
}

/** The tables with those that refer to them, at any distance, themselves first. */
function withReferencing(tables: readonly Relation[], catalog: Catalog): readonly Relation[] {
  const found = [...tables];
  // The list grows while it is walked.
  for (const table of found) {
    for (const { from } of foreignKeysTo(catalog, table)) if (!found.some((one) => isSame(one, from))) found.push(from);
  }
  return found;
}
