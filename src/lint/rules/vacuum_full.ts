import { resolveRelation } from "../../catalog/resolve.ts";
import { relationName } from "../../sql/identifiers.ts";
import { isOn } from "../../sql/option_values.ts";
import { isInUse } from "../in_use.ts";
import type { Rule } from "../rule.ts";
import { writeSafeForm } from "../safe_form.ts";
import { runsInTransaction } from "../same_transaction.ts";
import { listOf } from "../shown_name.ts";

export const vacuumFull: Rule = {
  id: "vacuum-full",
  severity: "error",
  fires: "VACUUM FULL",
  why:
    "It writes the table and all of its indexes anew under an ACCESS EXCLUSIVE lock: readers and writers wait until it is " +
    "done, and it needs as much disk space as the table has.",
  instead:
    "A plain VACUUM makes the space of dead rows usable again for new ones, and nobody waits for it. To give space " +
    "back to the system while the table is in use, run pg_repack, which is an extension with a program of its own.",
  source: "https://www.postgresql.org/docs/current/sql-vacuum.html",
  examples: [{
    before: ["CREATE TABLE posts (id bigint PRIMARY KEY, title text);"],
    bad: "-- pgmigrate: no-transaction\nVACUUM FULL posts;",
    good: ["-- pgmigrate: no-transaction\nVACUUM posts;"],
  }],
  check: ({ statement, catalog }, file) => {
    if (statement.kind !== "VacuumStmt" || !statement.node.is_vacuumcmd) return [];
    if (!isOn(statement.node.options, "full", false)) return [];
    const tables = (statement.node.rels ?? []).flatMap((node) => {
      const range = "VacuumRelation" in node ? node.VacuumRelation.relation : undefined;
      return range !== undefined && isInUse(resolveRelation(catalog, range), file) ? [relationName(range)] : [];
    });
    const isWhole = statement.node.rels === undefined;
    if (tables.length === 0 && !isWhole) return [];
    const [analyze, named] = [isOn(statement.node.options, "analyze", false), isWhole ? "" : ` ${tables.join(", ")}`];
    const pgRepack = ["pg_repack", ...tables.map((table) => `--table=${table}`)].join(" ");
    const sql = `-- To give space back to the system: ${pgRepack}\nVACUUM${analyze ? " (ANALYZE)" : ""}${named};`;
    return [{
      message: isWhole
        ? "Every table of the database is written anew, one after the other; who reads or writes it waits for as long."
        : `Readers and writers of ${listOf(tables)} wait until ${
          tables.length === 1 ? "it and its" : "each and its"
        } indexes are written anew.`,
      safeForm: writeSafeForm([{ title: "vacuum", sql, noTransaction: runsInTransaction(file) }]),
      fix: null,
    }];
  },
};
