/** What a server would do to run a statement, without running it. */

import { qualified, type QualifiedName } from "../catalog/catalog.ts";
import { ServerError, type Session } from "./session.ts";
import { identifier, join, type Sql, sql } from "./sql.ts";

const LOCK_TIMEOUT = "200ms";
const STATEMENT_TIMEOUT = "1s";

/** What a plan says. */
export interface Explained {
  /** Tables that are read from end to end. */
  readonly scans: readonly QualifiedName[];
  /** How many rows are inserted, updated or deleted, by the planner's estimate; null for a statement that only reads. */
  readonly rowsWritten: number | null;
}

/**
 * Whose code planning might run: functions and operators that belong neither to PostgreSQL nor to an extension.
 *
 * @throws {ServerError} @throws {SessionLost}
 */
export interface ForeignCode {
  /** Relations whose constraints, defaults, rules, policies, indexes or columns' domains call some. */
  readonly relations: ReadonlySet<number>;
  /** Operators by name. */
  readonly operators: ReadonlySet<string>;
  /** There is a cast of such a function, which may apply anywhere. */
  readonly casts: boolean;
  /** Backslashes in strings mean something here: a text would not be read as the parser has read it. */
  readonly backslashes: boolean;
}

/**
 * Looks for code that planning might run.
 *
 * @param oids `pg_class.oid` of relations
 * @throws {ServerError} @throws {SessionLost}
 */
export async function findForeignCode(
  session: Session,
  { oids, operators }: { readonly oids: readonly number[]; readonly operators: readonly string[] },
): Promise<ForeignCode> {
  const text = sql`SELECT pg_catalog.current_setting('standard_conforming_strings') AS strings`.text;
  const [strings] = await session.query(text);
  const [row] = await session.query(
    sql`BEGIN READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL jit = off;
      ${foreignCodeSql(oids, operators)}; COMMIT`.text,
  );
  const found = JSON.parse(row!.found!) as FoundRow;
  return {
    relations: new Set(found.relations ?? []),
    operators: new Set(found.operators ?? []),
    casts: found.casts,
    backslashes: strings!.strings !== "on",
  };
}

interface FoundRow {
  readonly relations: readonly number[] | null;
  readonly operators: readonly string[] | null;
  readonly casts: boolean;
}

function foreignCodeSql(oids: readonly number[], operators: readonly string[]): Sql {
  const relations = sql`ARRAY[${join(oids.map((oid) => sql`${oid}`), ", ")}]::oid[]`;
  const names = sql`ARRAY[${join(operators.map((name) => sql`${name}`), ", ")}]::name[]`;
  return sql`
    WITH RECURSIVE types (relation, type) AS (
      SELECT a.attrelid, a.atttypid FROM pg_attribute a WHERE a.attrelid = ANY (${relations}) AND a.attnum > 0
      UNION
      SELECT y.relation, o.type FROM types y JOIN pg_type t ON t.oid = y.type CROSS JOIN LATERAL (
        SELECT t.typbasetype AS type UNION ALL SELECT t.typelem
        UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0) o
      WHERE o.type <> 0),
    objects (relation, classid, objid) AS (
      SELECT o, 'pg_class'::regclass, o FROM unnest(${relations}) o
      UNION ALL SELECT k.conrelid, 'pg_constraint'::regclass, k.oid FROM pg_constraint k WHERE k.conrelid = ANY (${relations})
      UNION ALL SELECT f.adrelid, 'pg_attrdef'::regclass, f.oid FROM pg_attrdef f WHERE f.adrelid = ANY (${relations})
      UNION ALL SELECT w.ev_class, 'pg_rewrite'::regclass, w.oid FROM pg_rewrite w WHERE w.ev_class = ANY (${relations})
      UNION ALL SELECT p.polrelid, 'pg_policy'::regclass, p.oid FROM pg_policy p WHERE p.polrelid = ANY (${relations})
      UNION ALL SELECT s.stxrelid, 'pg_statistic_ext'::regclass, s.oid FROM pg_statistic_ext s
        WHERE s.stxrelid = ANY (${relations})
      UNION ALL SELECT y.relation, 'pg_constraint'::regclass, k.oid FROM types y JOIN pg_constraint k ON k.contypid = y.type)
    SELECT json_build_object(
      'relations', (SELECT json_agg(DISTINCT o.relation::int8) FROM objects o
        JOIN pg_depend d ON d.classid = o.classid AND d.objid = o.objid
        WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass)
          AND NOT ${ofExtension(sql`d.refclassid`, sql`d.refobjid`)}),
      'operators', (SELECT json_agg(DISTINCT o.oprname) FROM pg_operator o
        JOIN pg_namespace n ON n.oid = o.oprnamespace
        WHERE n.nspname <> 'pg_catalog' AND o.oprname = ANY (${names})
          AND NOT ${ofExtension(sql`'pg_operator'::regclass`, sql`o.oid`)}),
      'casts', EXISTS (SELECT FROM pg_cast c JOIN pg_proc p ON p.oid = c.castfunc
        JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname <> 'pg_catalog' AND NOT ${ofExtension(sql`'pg_proc'::regclass`, sql`p.oid`)})
    )::text AS found`;
}

function ofExtension(classid: Sql, objid: Sql): Sql {
  return sql`EXISTS (SELECT FROM pg_depend e WHERE e.classid = ${classid} AND e.objid = ${objid} AND e.deptype = 'e')`;
}

/**
 * Asks for the plan of one statement that was found to be safe to plan. It waits for nobody for long.
 *
 * @param searchPath under which the statement would run
 * @returns null where the server cannot plan it: it names what is not there yet
 * @throws {SessionLost}
 */
export async function explainStatement(
  session: Session,
  { text, searchPath }: { readonly text: string; readonly searchPath: readonly string[] },
): Promise<Explained | null> {
  const path = searchPath.length === 0 ? sql`''` : join(searchPath.map(identifier), ", ");
  const before = sql`BEGIN READ ONLY; SET LOCAL lock_timeout = ${LOCK_TIMEOUT}; SET LOCAL search_path = ${path};
    SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT}`;
  try {
    const [row] = await session.query(`${before.text}; EXPLAIN (VERBOSE, FORMAT JSON) ${text}\n; ROLLBACK`);
    return readPlans(JSON.parse(Object.values(row!)[0]!) as readonly { readonly Plan?: Plan }[]);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    await session.query("ROLLBACK");
    return null;
  }
}

/** A node of a plan, as far as it is read here. */
interface Plan {
  readonly "Node Type": string;
  readonly Schema?: string;
  readonly "Relation Name"?: string;
  readonly "Plan Rows": number;
  readonly "Total Cost": number;
  /** `InitPlan` and `SubPlan` stand beside what gives a node its rows. */
  readonly "Parent Relationship"?: string;
  readonly Plans?: readonly Plan[];
}

/** A rule makes several plans of one statement; a statement of a rule that does nothing has none. */
export function readPlans(plans: readonly { readonly Plan?: Plan }[]): Explained {
  const scans = new Map<string, QualifiedName>();
  let rowsWritten: number | null = null;
  for (const { Plan: plan } of plans) if (plan !== undefined) visit(plan, Infinity);
  return { scans: [...scans.values()], rowsWritten };

  /** @param costs what is spent at most on what is below: a LIMIT ends a scan before its end */
  function visit(plan: Plan, costs: number): void {
    const { Schema: schema, "Relation Name": name, "Node Type": type, "Total Cost": cost, Plans: below = [] } = plan;
    if (type === "Seq Scan" && schema !== undefined && name !== undefined && cost <= costs) {
      scans.set(qualified({ schema, name }), { schema, name });
    }
    if (type === "ModifyTable") {
      const sources = below.filter((one) => !/^(InitPlan|SubPlan)$/.test(one["Parent Relationship"] ?? ""));
      rowsWritten = (rowsWritten ?? 0) + sources.reduce((sum, one) => sum + one["Plan Rows"], 0);
    }
    for (const one of below) visit(one, type === "Limit" ? Math.min(costs, cost) : costs);
  }
}
