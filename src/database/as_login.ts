/**
 * A role that becomes another one as it logs in (`ALTER ROLE … SET role`) sees of sessions no more than that other one
 * may: pg_stat_activity and pg_locks are asked as the role that has logged in, as which all sessions of a run are listed.
 */

/** To the end of the transaction or of the savepoint. The search_path must be ours: it may be a role with more rights. */
export const AS_LOGIN = "SET LOCAL ROLE NONE";
