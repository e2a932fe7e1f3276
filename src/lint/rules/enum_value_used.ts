import { leaving } from "../action_problems.ts";
import { addedInFile, enumValueUses } from "../enum_value_uses.ts";
import { literal } from "../../sql/identifiers.ts";
import type { Statement } from "../../sql/parser.ts";
import { option, optionText } from "../../sql/option_values.ts";
import { statementsIn } from "../../sql/routine_body.ts";
import type { LintedFile, Rule } from "../rule.ts";
import { overTransaction } from "../same_transaction.ts";
import { writeSafeForm } from "../safe_form.ts";

const enumChanges = overTransaction<Statement[]>(
  () => [],
  (changes, { statement }) => void (statement.kind === "AlterEnumStmt" && changes.push(statement)),
);

export const enumValueUsed: Rule = {
  id: "enum-value-used",
  severity: "error",
  fires: "the use of an enum's value in the transaction that added it",
  why:
    "A value that ALTER TYPE … ADD VALUE adds cannot be used before its transaction has been committed: the statement fails " +
    "(55P04), and the whole migration with it. The body of a function in SQL is checked when the function is made, and " +
    "counts as a use, unless check_function_bodies is off; one in PL/pgSQL is not read before it is called. An enum that the same migration has made may be used at once.",
  instead: "Add the value in one migration, and use it in the next.",
  source: "https://www.postgresql.org/docs/current/sql-altertype.html#SQL-ALTERTYPE-NOTES",
  examples: [{
    before: [
      "CREATE TYPE mood AS ENUM ('sad', 'happy');",
      "CREATE TABLE people (name text PRIMARY KEY, mood mood);",
    ],
    bad: `ALTER TYPE mood ADD VALUE 'calm';
UPDATE people SET mood = 'calm' WHERE mood IS NULL;`,
    badFails: "55P04",
    good: ["ALTER TYPE mood ADD VALUE 'calm';", "UPDATE people SET mood = 'calm' WHERE mood IS NULL;"],
  }, {
    before: [
      "CREATE TYPE mood AS ENUM ('sad', 'happy');",
      "CREATE TABLE people (name text PRIMARY KEY, mood mood);",
    ],
    bad: `ALTER TYPE mood ADD VALUE 'calm';
CREATE FUNCTION calm_people() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM people WHERE mood = 'calm';
$$;`,
    badFails: "55P04",
    good: [
      "ALTER TYPE mood ADD VALUE 'calm';",
      `CREATE FUNCTION calm_people() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM people WHERE mood = 'calm';
$$;`,
    ],
  }],
  check: (linted, file) => {
    const { statement, catalog } = linted;
    const added = addedInFile(enumChanges(file), {
      catalog,
      version: file.version,
    });
    const [use] = added.length === 0 ? [] : [
      ...enumValueUses(statement, { catalog, added }),
      ...checkedBody(statement, file).flatMap((inner) =>
        // One that is placed at the function has no places of its own.
        enumValueUses(inner, { catalog, added }).map((use) =>
          inner.start === statement.start ? { ...use, span: null } : use
        )
      ),
    ];
    if (use === undefined) return [];
    const message = `This migration adds ${literal(use.value)} to ${use.type.name}, and may not use it before it is ` +
      "committed: the statement fails (55P04).";
    const next = [{ title: `use ${use.value}`, sql: `${statement.text};`, noTransaction: false }];
    const isLast = file.statements.at(-1) === statement;
    return [{
      ...(use.span === null ? {} : { span: use.span }),
      message,
      safeForm: writeSafeForm([...leaving(file), ...next]),
      fix: isLast ? { statement: null, noTransaction: false, next } : null,
    }];
  },
};

/** The statements of a function in SQL, which the server analyses as it makes the function. */
function checkedBody({ kind, node }: Statement, { bodies, earlier }: LintedFile): readonly Statement[] {
  if (kind !== "CreateFunctionStmt" || node.sql_body !== undefined) return [];
  const language = option(node.options, "language");
  if (language === null || optionText(language) !== "sql") return [];
  const isOff = earlier.some(({ statement: { kind, node } }) =>
    kind === "VariableSetStmt" && node.name === "check_function_bodies"
  );
  return isOff ? [] : statementsIn(bodies.get(node) ?? null);
}
