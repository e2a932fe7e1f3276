/** A schema of traps: what an attacker would put into a search_path, so that somebody else's SQL runs code of his. */

/** Types that values of ours may have, here in every pair: pg_catalog has no operator of its own for many of those. */
const TYPES = ["oid", "int2", "int4", "int8", "numeric", "text", "name", "xid8", "varchar", "bool", "timestamptz"];

const OPERATORS = ["=", "<>", "<", ">", "<=", ">=", "+", "-", "*", "/", "||"];

/** Names of the functions that stand in SQL of ours. */
const FUNCTIONS =
  "^(now|pg_|current_|set_config|round|extract|date_part|timezone|json_|format_type|to_char|row_security|text|version|min|max|count)";

/**
 * SQL that makes the schema `traps`, which shadows every operator of pg_catalog and adds those that pg_catalog has not,
 * and shadows functions and types. Each fails with a message that begins with `trapped`.
 */
export const TRAPS = `
CREATE SCHEMA traps;
CREATE FUNCTION traps.spring() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped by a type'; END $$;
DO $do$
DECLARE
  types text[] := '{${TYPES}}';
  body text := 'LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION USING MESSAGE = %L; END $f$';
  number int := 0;
  o record;
BEGIN
  FOR o IN
    SELECT oprname AS name, nullif(oprleft, 0)::regtype::text AS l, oprright::regtype::text AS r,
      oprresult::regtype::text AS result
    FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprresult <> 0
    UNION ALL
    SELECT name, l::regtype::text, r::regtype::text, 'boolean'
    FROM unnest('{${OPERATORS}}'::text[]) name, unnest(types) l, unnest(types) r
    WHERE NOT EXISTS (SELECT FROM pg_operator WHERE oprname = name AND oprleft = l::regtype AND oprright = r::regtype)
  LOOP
    number := number + 1;
    EXECUTE format('CREATE FUNCTION traps.f%s(%s) RETURNS %s ' || body, number, concat_ws(', ', o.l, o.r), o.result,
      'trapped by the operator ' || concat_ws(' ', o.l, o.name, o.r));
    EXECUTE format('CREATE OPERATOR traps.%s (%s RIGHTARG = %s, FUNCTION = traps.f%s)', o.name,
      'LEFTARG = ' || o.l || ',', o.r, number);
  END LOOP;
  FOR o IN
    SELECT proname AS name, prorettype::regtype::text AS result,
      (SELECT string_agg(t::regtype::text, ', ' ORDER BY n) FROM unnest(proargtypes) WITH ORDINALITY x(t, n)) AS args
    FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind <> 'p' AND proname ~ '${FUNCTIONS}'
      AND NOT EXISTS (SELECT FROM pg_type WHERE pg_type.oid = ANY (proargtypes::oid[] || prorettype) AND typtype = 'p'
        AND typname NOT IN ('anyelement', 'anyarray', 'anycompatible', 'void', 'record'))
  LOOP
    EXECUTE format('CREATE FUNCTION traps.%I(%s) RETURNS %s ' || body, o.name, o.args, o.result,
      'trapped by the function ' || o.name);
  END LOOP;
  FOR o IN SELECT unnest(types || '{timestamp,json,xid,integer,bigint}') AS name LOOP
    EXECUTE format('CREATE DOMAIN traps.%I AS pg_catalog.%I CHECK (traps.spring())', o.name,
      CASE o.name WHEN 'integer' THEN 'int4' WHEN 'bigint' THEN 'int8' ELSE o.name END);
  END LOOP;
END $do$`;
