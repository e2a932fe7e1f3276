/** Where prediction and measurement differ, and why that is right: statement to cells to the reason. */

const OWNED = "The role owns it already: the server sees that and goes no further";
const NO_TRIGGERS = "Which triggers there are is in no catalog of ours; here none is on the partitions";
const PRUNED = "The values say which partition it is: the server leaves out the others";
const FROM_OUTSIDE =
  "Measured from another connection, which sees only the first lock that a relation is asked for, here a weaker one";
const AFTERWARDS = "Measured from another connection, which has let go of it before the statement comes to it";
const SAME_ALREADY = "It is so already: the server sees that and goes no further";
const INLINED = "The server puts the body of a SQL function in its place, which here is a constant";
const IMPLIED = "The CHECK says more than the bounds ask; only a CHECK that says the same is taken for a proof";

function cells(why: string, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, why]));
}

export const DIFFERENCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "ALTER TABLE t OWNER TO CURRENT_USER": cells(OWNED, [
    "lock t_a AccessExclusiveLock",
    "lock t_pkey AccessExclusiveLock",
  ]),
  "ALTER TABLE p OWNER TO CURRENT_USER": cells(OWNED, ["lock p_k AccessExclusiveLock"]),
  "ALTER TABLE s OWNER TO CURRENT_USER": cells(OWNED, [
    "lock s_pkey AccessExclusiveLock",
    "lock s_id_seq AccessExclusiveLock",
    "lock s_j_seq AccessExclusiveLock",
  ]),
  "ALTER TABLE t SET TABLESPACE pg_default": cells(SAME_ALREADY, ["rewrite t"]),
  "ALTER TABLE t SET ACCESS METHOD heap": cells(SAME_ALREADY, [
    "lock t_pkey AccessExclusiveLock",
    "lock t_a AccessExclusiveLock",
    "scan t",
    "rewrite t",
  ]),
  "ALTER TABLE p DISABLE TRIGGER ALL": cells(NO_TRIGGERS, [
    "lock p1 ShareRowExclusiveLock",
    "lock p2 ShareRowExclusiveLock",
  ]),
  "ALTER TABLE p DISABLE TRIGGER once": cells(NO_TRIGGERS, [
    "lock p1 ShareRowExclusiveLock",
    "lock p2 ShareRowExclusiveLock",
  ]),
  "DROP TRIGGER once ON p": cells(NO_TRIGGERS, ["lock p1 AccessExclusiveLock", "lock p2 AccessExclusiveLock"]),
  "INSERT INTO p VALUES (5, 5, 'x')": cells(PRUNED, ["lock p2 RowExclusiveLock"]),
  "UPDATE p SET v = 'x' WHERE id = 5": cells(PRUNED, [
    "lock p2 RowExclusiveLock",
    "lock p2_k_idx RowExclusiveLock",
    "scan p2",
  ]),
  "SELECT * FROM p WHERE id = 5": cells(PRUNED, [
    "lock p2 AccessShareLock",
    "lock p2_k_idx AccessShareLock",
    "scan p2",
  ]),
  "INSERT INTO pointing VALUES (100000, 5)": cells(PRUNED, ["lock p2 RowShareLock", "lock p2_pkey RowShareLock"]),
  "DELETE FROM p WHERE id = 4000": cells(PRUNED, ["lock p1 RowExclusiveLock", "lock p1_pkey RowExclusiveLock"]),
  "REINDEX INDEX p_k": cells(FROM_OUTSIDE, [
    "lock p1_k_idx AccessExclusiveLock",
    "lock p2_k_idx AccessExclusiveLock",
    "lock p1_k_idx ShareLock",
    "lock p2_k_idx ShareLock",
  ]),
  "VACUUM base": cells(AFTERWARDS, ["lock heir ShareUpdateExclusiveLock", "lock heir_a RowExclusiveLock"]),
  "REFRESH MATERIALIZED VIEW m WITH NO DATA": cells(
    "The index of the new, empty file is built, which is counted as a scan of no rows",
    ["scan m"],
  ),
  "DROP TABLE pointing": cells(
    "14 locks the partitions that the foreign key points to, and not the table they are of",
    [
      "lock p AccessExclusiveLock",
    ],
  ),
  "ALTER TABLE p ATTACH PARTITION fresh FOR VALUES FROM (200) TO (400)": cells(IMPLIED, ["scan fresh"]),
  "ALTER TABLE p ATTACH PARTITION fresh DEFAULT": cells(IMPLIED, ["scan fresh"]),
  "ALTER TABLE t ADD COLUMN x int DEFAULT inlined()": cells(INLINED, [
    "lock t_pkey AccessExclusiveLock",
    "lock t_a AccessExclusiveLock",
    "scan t",
    "rewrite t",
  ]),
  "CREATE FUNCTION touch(int) RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM t'": cells(
    "The server reads the body of a SQL function, in which we do not look; nobody waits for such a lock",
    ["lock t AccessShareLock"],
  ),
};

const LAST_LOCK =
  "Measured from another connection, which was once not in time for the last lock: why is not known, and it has not come again";

/** Cells that differ now and then, and not on every run. */
export const SOMETIMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY": cells(LAST_LOCK, [
    "lock p1 AccessExclusiveLock",
    "lock p1 ShareUpdateExclusiveLock",
  ]),
};
