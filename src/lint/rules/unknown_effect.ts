import { committedBatches } from "../../impact/committed_batches.ts";
import type { LintedFile, LintedStatement, Rule } from "../rule.ts";
import { rowChanges } from "../row_changes.ts";
import { runsInTransaction } from "../same_transaction.ts";
import { fewOf } from "../shown_name.ts";
import { unknownEffects } from "../unknown_effects.ts";

export const unknownEffect: Rule = {
  id: "unknown-effect",
  severity: "warning",
  fires: "EXECUTE of SQL that is put together when it runs, CALL, and functions that change tables",
  why:
    "What such a statement locks, scans and rewrites is not in its text, so that no other rule has looked at it: silence " +
    "of lint would say more than is known. It is a warning, since the same statement written out may well be an error. A " +
    "function that no migration makes is a mere note: most of them belong to extensions and lock nothing. Statements that " +
    "stand in a DO block as they run are judged by their own rules; functions that only read are no finding, nor are those " +
    "that are declared STABLE or IMMUTABLE, which the server lets change nothing.",
  instead:
    "Write out the SQL that runs, where it is known. A procedure that does no more than change rows in batches, by a WHERE, " +
    "and commit each is called in a file with the directive no-transaction, and is no finding there. Otherwise run pgmigrate rehearse on a copy, which measures what is " +
    "locked and for how long, and say so behind the directive ignore.",
  source: "https://www.postgresql.org/docs/current/plpgsql-statements.html#PLPGSQL-STATEMENTS-EXECUTING-DYN",
  examples: [
    {
      before: ["CREATE TABLE posts (id bigint PRIMARY KEY);"],
      bad: `DO $$ BEGIN
  EXECUTE format('ALTER TABLE %I ADD COLUMN note text NULL', 'posts');
END $$;`,
      good: ["ALTER TABLE posts ADD COLUMN note text NULL;"],
    },
    {
      before: [
        `CREATE TABLE posts (id bigint PRIMARY KEY, title text);
CREATE PROCEDURE clear(days int) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'DELETE FROM posts WHERE id < ' || days;
END $$;`,
      ],
      bad: "CALL clear(30);",
      good: [
        `CREATE PROCEDURE clear_batches() LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    DELETE FROM posts WHERE id IN (SELECT id FROM posts WHERE title IS NULL LIMIT 10000);
    EXIT WHEN NOT FOUND;
    COMMIT;
  END LOOP;
END $$;`,
        "-- pgmigrate: no-transaction\nCALL clear_batches();",
      ],
    },
    {
      before: [
        `CREATE TABLE posts (id bigint PRIMARY KEY, title text);
CREATE FUNCTION clean_up() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  ALTER TABLE posts ADD COLUMN note text NULL;
END $$;`,
      ],
      bad: "SELECT clean_up();",
      good: ["ALTER TABLE posts ADD COLUMN note text NULL;"],
    },
  ],
  check: ({ statement, catalog }, file) => {
    const { block, bodies, postgresVersion } = file;
    // The block has said it.
    if (block !== null) return [];
    // In a transaction, the server refuses its COMMIT.
    if (!runsInTransaction(file) && isBatched(statement, { catalog, bodies, postgresVersion })) return [];
    const effects = unknownEffects(statement, { catalog, bodies });
    const [first] = effects;
    if (first === undefined) return [];
    const severity = effects.some(({ certain }) => certain) ? "warning" : "info";
    return [{
      severity,
      ...first.span === null ? {} : { span: first.span },
      message: `What this locks, scans and rewrites cannot be known from its text: ` +
        `${fewOf(effects.map(({ what }) => what))}. pgmigrate rehearse measures it.`,
      safeForm: null,
      fix: null,
    }];
  },
};

/** A CALL of a procedure that changes rows in batches, and commits each: what `plan` says of it is all that there is. */
function isBatched(
  statement: LintedStatement["statement"],
  { catalog, ...options }: Pick<LintedStatement, "catalog"> & Pick<LintedFile, "bodies" | "postgresVersion">,
): boolean {
  const batches = statement.kind === "CallStmt" ? committedBatches(statement, catalog, options) : null;
  return batches !== null && batches.impact.unknown === null &&
    batches.changes.flatMap(rowChanges).every(({ where }) => where !== null);
}
