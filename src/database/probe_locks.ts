/**
 * Sees the locks of a statement that runs outside a transaction, which holds none when it has ended. Other connections
 * hold locks in its way, so that it stops at each relation that it wants to lock, and at the transactions that it waits
 * for; there its locks are read, and it is let go on. Nothing depends on how fast anybody looks.
 */

import type { Database } from "./database.ts";
import { ServerError, type Session } from "./session.ts";
import type { HeldRelation, SeenRelation } from "./snapshot.ts";
import { EQUALS, identifier, join, type Sql, sql } from "./sql.ts";

export interface ProbeOptions {
  /** A database to which nobody else is connected. */
  readonly database: Database;
  /** Looks at the backend, outside a transaction. */
  readonly observer: Session;
  /** The backend that will run the statement. */
  readonly pid: number;
  /** What may be locked. */
  readonly relations: readonly SeenRelation[];
  /** Tables that the statement names: those for whose users it may wait. */
  readonly named: readonly SeenRelation[];
}

/** Savepoints are cheap; locks of one transaction share the table of all locks. */
const MOST_PROBED = 300;

/** Each takes a connection. */
const MOST_LOCKERS = 4;

const LOOK_MS = 2;

/** Whether that many relations can be watched. */
export function canProbe(relations: readonly SeenRelation[]): boolean {
  return relations.length <= MOST_PROBED;
}

/** Puts locks in the way of a statement, for as long as some work lasts that runs it by {@link Probe.run}. */
export async function probeLocks<T>(
  { database, observer, pid, relations, named }: ProbeOptions,
  work: (probe: Probe) => Promise<T>,
): Promise<T> {
  await using sessions = new AsyncDisposableStack();
  const stack = new LockStack(sessions.use(await database.open()));
  await stack.take(relations);
  const lockers: Locker[] = [];
  for (const table of named.slice(0, MOST_LOCKERS)) {
    const locker = new Locker(sessions.use(await database.open()));
    if (await locker.take(table)) lockers.push(locker);
  }
  return await work(new Probe({ observer, pid, stack, lockers }));
}

interface Probing {
  readonly observer: Session;
  readonly pid: number;
  readonly stack: LockStack;
  readonly lockers: readonly Locker[];
}

/** What is seen while the statement runs. */
export class Probe {
  /** Every lock that was seen: held, or asked for. */
  readonly locks: HeldRelation[] = [];
  /** How long the statement stood still for being looked at, in milliseconds. */
  stoppedMs = 0;

  constructor(readonly probing: Probing) {}

  /** Lets the statement run from lock to lock. @throws what the statement throws */
  async run<T>(statement: Promise<T>): Promise<T> {
    let isOver = false;
    const over = statement.then(() => {}, () => {}).finally(() => isOver = true);
    try {
      while (!isOver) {
        if (!await this.#step()) await Promise.race([over, new Promise((resolve) => setTimeout(resolve, LOOK_MS))]);
      }
    } finally {
      await this.#letGo();
    }
    return await statement;
  }

  /** @returns whether it was stopped by one of us, and is let go now */
  async #step(): Promise<boolean> {
    const { observer, pid, stack, lockers } = this.probing;
    const [row] = await observer.query(whereItStops(pid).text);
    if (row === undefined) return false;
    const blockers = (row.blockers ?? "").split(",").map(Number);
    const isStack = blockers.includes(stack.session.facts.serverPid);
    const inTheWay = lockers.filter(({ session }) => blockers.includes(session.facts.serverPid));
    if (!isStack && inTheWay.length === 0) return false;
    const seen = JSON.parse(row.locks ?? "[]") as readonly (readonly [string, string])[];
    this.locks.push(...seen.map(([oid, mode]) => ({ oid, mode })));
    const start = performance.now();
    if (isStack) await stack.release(row.relation ?? null);
    for (const locker of inTheWay) await locker.release();
    // It goes on at some time before the answer is here.
    this.stoppedMs += Number(row.waited_ms) + (performance.now() - start) / 2;
    return true;
  }

  async #letGo(): Promise<void> {
    const { stack, lockers } = this.probing;
    for (const { session } of [stack, ...lockers]) if (session.alive) await session.run("ROLLBACK");
  }
}

/** What a backend waits for, for whom, and all it holds or asks for. */
function whereItStops(pid: number): Sql {
  return sql`SELECT w.relation::pg_catalog.text AS relation,
      pg_catalog.array_to_string(pg_catalog.pg_blocking_pids(w.pid), ',') AS blockers,
      COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) w.waitstart)
        OPERATOR(pg_catalog.*) 1000, 0) AS waited_ms,
      (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(l.relation::pg_catalog.text, l.mode))
        FROM pg_catalog.pg_locks l
        WHERE l.pid ${EQUALS} w.pid AND l.locktype ${EQUALS} 'relation')::pg_catalog.text AS locks
    FROM pg_catalog.pg_locks w WHERE w.pid ${EQUALS} ${pid} AND NOT w.granted LIMIT 1`;
}

/** Locks of one transaction, each in a savepoint of its own, so that the last ones can be let go alone. */
class LockStack {
  #held: string[] = [];
  constructor(readonly session: Session) {}

  /**
   * Tables are asked for before their indexes, and those in the order of their OIDs: they are taken the other way round.
   * On tables it is SHARE UPDATE EXCLUSIVE, which conflicts with all that runs outside a transaction and leaves room for
   * {@link Locker}; on an index, ACCESS EXCLUSIVE.
   */
  async take(relations: readonly SeenRelation[]): Promise<void> {
    await this.session.run(BEGIN);
    const rank = ({ kind }: SeenRelation) => TABLE_KINDS.includes(kind) ? 1 : 0;
    const ordered = [...relations].sort((a, b) => rank(a) - rank(b) || Number(BigInt(b.oid) - BigInt(a.oid)));
    for (const relation of ordered) {
      const lock = lockOf(relation);
      if (lock === null) continue;
      const savepoint = identifier(relation.oid);
      try {
        await this.session.run(join([sql`SAVEPOINT ${savepoint}`, lock], "; ").text);
        this.#held.push(relation.oid);
      } catch (error) {
        // Somebody else's table: what is done to it is not seen.
        if (!(error instanceof ServerError)) throw error;
        await this.session.run(sql`ROLLBACK TO SAVEPOINT ${savepoint}`.text);
      }
    }
  }

  /** Lets go of a relation and all that was taken after it; of all where the relation is none of these. */
  async release(oid: string | null): Promise<void> {
    const index = oid === null ? -1 : this.#held.indexOf(oid);
    this.#held.length = Math.max(0, index);
    await this.session.run(index === -1 ? "ROLLBACK" : sql`ROLLBACK TO SAVEPOINT ${identifier(oid!)}`.text);
  }
}

const BEGIN = "BEGIN; SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL lock_timeout = 1000";

const TABLE_KINDS = ["r", "p"];

function lockOf(relation: SeenRelation): Sql | null {
  const name = sql`${identifier(relation.schema)}.${identifier(relation.name)}`;
  switch (relation.kind) {
    case "r":
    case "p":
      return sql`LOCK TABLE ONLY ${name} IN SHARE UPDATE EXCLUSIVE MODE`;
    // LOCK takes no index. This changes nothing where the index does not depend on it, and locks the index alone.
    case "i":
    case "I":
      return sql`ALTER INDEX ${name} NO DEPENDS ON EXTENSION plpgsql`;
    case "m":
      return sql`ALTER MATERIALIZED VIEW ${name} NO DEPENDS ON EXTENSION plpgsql`;
    default:
      return null;
  }
}

/** A transaction that writes to one table, for whose end a statement that works concurrently waits. */
class Locker {
  constructor(readonly session: Session) {}

  async take({ schema, name }: SeenRelation): Promise<boolean> {
    const table = sql`${identifier(schema)}.${identifier(name)}`;
    try {
      await this.session.run([BEGIN, sql`LOCK TABLE ONLY ${table} IN ROW EXCLUSIVE MODE`].join("; "));
      return true;
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      await this.session.run("ROLLBACK");
      return false;
    }
  }

  async release(): Promise<void> {
    await this.session.run("ROLLBACK");
  }
}
