/** A column whose values come from others of its row: by a trigger for rows that come, in batches for those there. */

import { objectName } from "../catalog/object_names.ts";
import { identifier } from "../sql/identifiers.ts";
import { backfill } from "./backfill.ts";
import type { NextMigration } from "./rule.ts";
import type { TableSql } from "./table_sql.ts";

export interface FilledColumn {
  readonly sql: TableSql;
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

export function fillByTrigger({ sql, column, expression }: FilledColumn): Filling {
  const { table, relation } = sql;
  const own = objectName({ table: relation.name, columns: column, label: "fill" });
  const [trigger, routine] = [identifier(own), sql.inSchema(own)];
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
