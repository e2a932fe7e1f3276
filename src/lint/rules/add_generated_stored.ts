import { identifier } from "../../sql/identifiers.ts";
import type { ActionSteps } from "../action_problems.ts";
import { type AddedColumn, addedColumnProblems } from "../added_columns.ts";
import { type ColumnConstraint, constraintOf } from "../column_parts.ts";
import { fillByTrigger } from "../fill_by_trigger.ts";
import type { Rule } from "../rule.ts";

/** The first version with virtual generated columns. */
const VIRTUAL_COLUMNS = 18;

export const addGeneratedStored: Rule = {
  id: "add-generated-stored",
  severity: "error",
  fires: "ADD COLUMN … GENERATED ALWAYS AS (…) STORED",
  why:
    "The value is computed for every row that is there, so that PostgreSQL writes the whole table and all of its indexes " +
    "anew, under an ACCESS EXCLUSIVE lock: nobody reads or writes the table for as long as that takes.",
  instead:
    "From PostgreSQL 18 on, make the column VIRTUAL: it is computed when it is read, and adding it changes no row. It " +
    "cannot be indexed. Otherwise add an ordinary column, fill it for new rows by a trigger, and for those that are " +
    "there in batches.",
  source: "https://www.postgresql.org/docs/current/ddl-generated-columns.html",
  examples: [{
    before: ["CREATE TABLE lines (id bigint PRIMARY KEY, price numeric, amount integer);"],
    bad: "ALTER TABLE lines ADD COLUMN total numeric GENERATED ALWAYS AS (price * amount) STORED;",
    good: ["ALTER TABLE lines ADD COLUMN total numeric GENERATED ALWAYS AS (price * amount) VIRTUAL;"],
    goodFrom: VIRTUAL_COLUMNS,
  }, {
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "ALTER TABLE posts ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('english', title)) STORED;",
    good: [
      `ALTER TABLE posts ADD COLUMN search tsvector;
CREATE FUNCTION posts_fill_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.search := to_tsvector('english', NEW.title);
  RETURN NEW;
END
$$;
CREATE TRIGGER posts_fill_search BEFORE INSERT OR UPDATE ON posts
FOR EACH ROW EXECUTE FUNCTION posts_fill_search();`,
      `-- pgmigrate: no-transaction
DO $$
DECLARE
  batch_start bigint := (SELECT min(id) FROM posts);
BEGIN
  WHILE batch_start <= (SELECT max(id) FROM posts) LOOP
    UPDATE posts SET search = to_tsvector('english', title)
    WHERE id BETWEEN batch_start AND batch_start + 9999 AND search IS NULL;
    COMMIT;
    batch_start := batch_start + 10000;
  END LOOP;
END
$$;`,
    ],
  }],
  check: (linted, file) =>
    addedColumnProblems(linted, file, (column) => {
      const generated = constraintOf(column.parts, "CONSTR_GENERATED");
      // 18's parser marks the others as virtual.
      if (generated === null || generated.constraint.generated_kind === "v") return null;
      const { sql: { table }, parts: { name } } = column;
      const message =
        `${identifier(name)} is computed for every row of ${table}: the whole of ${table} is written anew ` +
        "under an ACCESS EXCLUSIVE lock, and nobody reads or writes it until that is done.";
      const steps = file.postgresVersion >= VIRTUAL_COLUMNS
        ? asVirtual(column, generated)
        : asTrigger(column, generated);
      return { message, steps };
    }),
};

function asVirtual({ action, parts }: AddedColumn, generated: ColumnConstraint): ActionSteps {
  const virtual = generated.text.replace(/\bSTORED$/i, "VIRTUAL");
  return {
    title: `add ${parts.name}`,
    action: action.text.replace(generated.text, () => virtual),
    next: [],
    mechanical: false,
  };
}

function asTrigger({ parts, sql }: AddedColumn, generated: ColumnConstraint): ActionSteps {
  const { head, type, attributes, name } = parts;
  const expression = /AS\s*(\([^]*\))\s*STORED$/i.exec(generated.body)?.[1] ?? "";
  const column = [head, type, attributes].filter((part) => part !== "").join(" ");
  const filled = fillByTrigger({ sql, column: name, expression });
  return { title: `add ${name}`, action: column, after: filled.statements, next: [filled.backfill], mechanical: false };
}
