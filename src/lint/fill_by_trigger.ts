/** A column whose values come from others of its row: by a trigger for rows that come, in batches for those there. */

import type { Relation } from "../catalog/catalog.ts";
import { objectName } from "../catalog/object_names.ts";
import { dotted, identifier, relationName } from "../sql/identifiers.ts";
import type { AlterTable } from "./alter_table_actions.ts";
import { backfill } from "./backfill.ts";
import type { NextMigration } from "./rule.ts";

export interface FilledColumn {
  readonly statement: AlterTable;
  readonly relation: Relation;
  /** As the server has it. */
  readonly column: string;
  /** Its value, over the columns of the table. */
  readonly expression: string;
}

export interface Filling {
  /** The function and the trigger, without `;`. */
  readonly statements: readonly string[];
  readonly backfill: NextMigration;
  /** What takes function and trigger away. */
  readonly drop: string;
}

export function fillByTrigger({ statement, relation, column, expression }: FilledColumn): Filling {
  const range = statement.node.relation!;
  const table = relationName(range);
  const own = objectName({ table: relation.name, columns: column, label: "fill" });
  const [trigger, routine] = [identifier(own), dotted([range.schemaname, own])];
  return {
    statements: [
      // Inside of the sub-select, the expression's columns mean what they mean in the table, qualified ones too.
      `CREATE FUNCTION ${routine}() RETURNS trigger LANGUAGE plpgsql AS $fill$
BEGIN
  NEW.${identifier(column)} := (SELECT ${expression} FROM (SELECT NEW.*) AS ${identifier(relation.name)});
  RETURN NEW;
END
$fill$`,
      `CREATE TRIGGER ${trigger} BEFORE INSERT OR UPDATE ON ${table}
FOR EACH ROW EXECUTE FUNCTION ${routine}()`,
    ],
    backfill: backfill({ table, relation, column, value: expression }),
    drop: `DROP TRIGGER ${trigger} ON ${table};\nDROP FUNCTION ${routine}();`,
  };
}
