import type { Catalog, Relation } from "../../catalog/catalog.ts";
import { isSame, resolveRelation } from "../../catalog/resolve.ts";
import { identifier, listedParts, relationName } from "../../sql/identifiers.ts";
import type { ActionSteps } from "../action_problems.ts";
import {
  type AddedConstraint,
  addedConstraintProblems,
  isValidatedAtOnce,
  notValidSteps,
} from "../added_constraints.ts";
import { constraintOf } from "../column_parts.ts";
import { type LeafPartition, leafPartitions } from "../leaf_partitions.ts";
import type { Rule } from "../rule.ts";

export const addFkValid: Rule = {
  id: "add-fk-valid",
  severity: "error",
  fires: "a FOREIGN KEY that is added to an existing table without NOT VALID",
  why:
    "PostgreSQL looks every row up in the other table, and holds a SHARE ROW EXCLUSIVE lock on both tables while it does: " +
    "nobody writes to either of them for as long as that takes. A new column without a default has nothing to look up; " +
    "one with a default has, even DEFAULT NULL.",
  instead:
    "Add it as NOT VALID: it holds for all that is written from then on, and no row is read. A later migration validates " +
    "it, while others read and write.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
  examples: [{
    before: [
      "CREATE TABLE users (id bigint PRIMARY KEY);",
      "CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint);",
    ],
    bad: "ALTER TABLE posts ADD CONSTRAINT posts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users;",
    good: [
      "ALTER TABLE posts ADD CONSTRAINT posts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users NOT VALID;",
      "ALTER TABLE posts VALIDATE CONSTRAINT posts_user_id_fkey;",
    ],
  }, {
    before: [
      "CREATE TABLE teams (id bigint PRIMARY KEY);",
      "INSERT INTO teams VALUES (1);",
      "CREATE TABLE users (id bigint PRIMARY KEY);",
    ],
    bad: "ALTER TABLE users ADD COLUMN team_id bigint DEFAULT 1 REFERENCES teams;",
    good: [
      `ALTER TABLE users
  ADD COLUMN team_id bigint DEFAULT 1,
  ADD CONSTRAINT users_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams NOT VALID;`,
      "ALTER TABLE users VALIDATE CONSTRAINT users_team_id_fkey;",
    ],
  }],
  check: (linted, file) =>
    addedConstraintProblems(linted, {
      file,
      kinds: ["CONSTR_FOREIGN"],
      faultOf: (added) => {
        const { constraint, column, sql, statement } = added;
        // A column that begins empty has nothing to look up.
        if (column !== null && constraintOf(column, "CONSTR_DEFAULT") === null) return null;
        const isParted = sql.relation.kind === "partitioned-table" && file.postgresVersion < NOT_VALID_ON_PARTITIONED;
        if (!isValidatedAtOnce(added) && !isParted) return null;
        const chosen = sql.freeName(column?.name ?? listedParts(constraint.fk_attrs).join("_"), "fkey");
        const name = identifier(constraint.conname ?? chosen);
        const message = isValidatedAtOnce(added)
          ? lookupSentence(name, { table: sql.table, parent: relationName(constraint.pktable!) })
          : `Before PostgreSQL ${NOT_VALID_ON_PARTITIONED}, a partitioned table takes no foreign key that is NOT VALID: ` +
            "the statement fails (42809).";
        const partitions = leafPartitions(sql.relation, { catalog: linted.catalog, range: statement.node.relation! });
        if (partitions?.every(({ relation }) => hasForeignKey(relation, added, linted.catalog))) return null;
        if (!isParted) return { message, steps: notValidSteps(added, chosen) };
        return { message, steps: partitions && partByPart(added, { partitions, chosen }) };
      },
    }),
};

function lookupSentence(name: string, { table, parent }: { readonly table: string; readonly parent: string }): string {
  const [both, either] = parent === table ? ["it", table] : ["both", `${table} or ${parent}`];
  return `${name} looks every row of ${table} up in ${parent}, with a SHARE ROW EXCLUSIVE lock on ${both}: nobody writes ` +
    `to ${either} until that is done.`;
}

/** The first version in which a partitioned table takes a foreign key that is NOT VALID. */
const NOT_VALID_ON_PARTITIONED = 18;

/**
 * Whether a partition has a foreign key that the one of the whole table can take over without looking anything up: one
 * that no other of the whole table has taken over already.
 */
function hasForeignKey(partition: Relation, { constraint, relation }: AddedConstraint, catalog: Catalog): boolean {
  const parent = resolveRelation(catalog, constraint.pktable!);
  const columns = listedParts(constraint.fk_attrs);
  const alike = ({ constraints }: Relation) =>
    constraints.filter(({ validated, references, columns: own }) =>
      validated && references !== null && parent !== null && isSame(references, parent) &&
      String(own) === String(columns)
    ).length;
  return alike(partition) > alike(relation);
}

/** First on each partition, where it can be NOT VALID; then on the whole, which finds it there. */
function partByPart(
  added: AddedConstraint,
  { partitions, chosen }: { readonly partitions: readonly LeafPartition[]; readonly chosen: string },
): ActionSteps {
  const { sql } = added;
  const { action: notValid } = notValidSteps(added, chosen);
  const name = added.constraint.conname ?? chosen;
  const each = (sqlOf: (partition: string) => string) => partitions.map((partition) => sqlOf(partition.name));
  return {
    title: `add ${name} to the partitions, not validated`,
    action: null,
    after: each((partition) => `ALTER TABLE ${partition} ${notValid}`),
    next: [
      {
        title: `validate ${name} on the partitions`,
        sql: each((partition) => `ALTER TABLE ${partition} VALIDATE CONSTRAINT ${identifier(name)};`).join("\n"),
        noTransaction: false,
      },
      { title: `add ${name}`, sql: `${sql.alter} ${notValid!.replace(/ NOT VALID$/, "")};`, noTransaction: false },
    ],
    mechanical: true,
  };
}
