import { resolveRelation } from "../../catalog/resolve.ts";
import { relationName } from "../../sql/identifiers.ts";
import { isAlterTable } from "../alter_table_actions.ts";
import { isInUse } from "../in_use.ts";
import { ownMigration, qualifyingEdits } from "../own_migration.ts";
import { defaultPartition } from "../partition_steps.ts";
import type { Rule } from "../rule.ts";
import { shownName } from "../shown_name.ts";
import { nameSpan, withEdits } from "../text_edits.ts";

export const detachNonconcurrent: Rule = {
  id: "detach-nonconcurrent",
  severity: "warning",
  fires: "DETACH PARTITION without CONCURRENTLY",
  why:
    "It takes an ACCESS EXCLUSIVE lock on the partitioned table and on the partition. It is quick once it has them, but it " +
    "waits for every query on any of the partitions, and all who come after it wait behind it.",
  instead:
    "DETACH PARTITION … CONCURRENTLY lets others read and write meanwhile. It cannot run in a transaction, so it stands " +
    "in a file of its own with the directive no-transaction, and it is refused where there is a default partition: detach " +
    "that one first, or use a short lock_timeout.",
  source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION",
  examples: [{
    before: [
      `CREATE TABLE events (at timestamptz NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_2016 PARTITION OF events FOR VALUES FROM ('2016-01-01') TO ('2017-01-01');`,
    ],
    bad: "ALTER TABLE events DETACH PARTITION events_2016;",
    good: ["-- pgmigrate: no-transaction\nALTER TABLE events DETACH PARTITION events_2016 CONCURRENTLY;"],
  }],
  check: ({ statement, catalog }, file) => {
    if (!isAlterTable(statement)) return [];
    const [command] = statement.node.cmds ?? [];
    const action = command !== undefined && "AlterTableCmd" in command ? command.AlterTableCmd : undefined;
    const detached = action?.def !== undefined && "PartitionCmd" in action.def ? action.def.PartitionCmd : undefined;
    if (action?.subtype !== "AT_DetachPartition" || detached?.name === undefined || detached.concurrent) return [];
    const range = statement.node.relation!;
    const parent = resolveRelation(catalog, range);
    if (!isInUse(parent, file)) return [];
    const message =
      `Readers and writers of ${relationName(range)} and ${relationName(detached.name)} wait from the moment ` +
      `this asks for its ACCESS EXCLUSIVE lock until the file's transaction ends; it gets the lock only when every query on ` +
      "any of the partitions has ended.";
    const other = defaultPartition(parent, catalog);
    if (other !== null) {
      const why = `CONCURRENTLY is refused while ${relationName(range)} has a default partition, ${shownName(other)}.`;
      return [{ message: `${message} ${why}`, safeForm: null, fix: null }];
    }
    const name = nameSpan(statement, detached.name);
    const word = name === null ? [] : [{ start: name.end, end: name.end, text: " CONCURRENTLY" }];
    const moved = qualifyingEdits({ statement, catalog }, { file, relations: [range, detached.name] });
    const sql = withEdits(statement, [...word, ...moved]);
    const partition = detached.name.relname ?? "";
    return [{
      message,
      ...ownMigration({ sql, title: `detach ${partition}`, names: [partition] }, { statement, file }),
    }];
  },
};
