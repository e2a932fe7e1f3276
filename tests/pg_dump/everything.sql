CREATE SCHEMA app; CREATE EXTENSION IF NOT EXISTS citext;
CREATE TYPE app.mood AS ENUM ('sad','ok','it''s; \. fine');
CREATE DOMAIN app.email AS citext CHECK (VALUE ~ '@');
CREATE TABLE app.users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, mail app.email UNIQUE, m app.mood DEFAULT 'ok', bio text, raw bytea, tags text[], js jsonb, len int GENERATED ALWAYS AS (length(name)) STORED);
COMMENT ON TABLE app.users IS 'it''s a table; COPY t FROM stdin;
\.
two lines';
CREATE SEQUENCE app.s START 10;
CREATE TABLE app.events (id int DEFAULT nextval('app.s'), at date NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE app.events_2023 PARTITION OF app.events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE app.events_2024 PARTITION OF app.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX ON app.events (at);
CREATE FUNCTION app.f(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN a > 0 THEN 1 ELSE 2 END; SELECT a + 1; END;
CREATE FUNCTION app.log() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
  -- COPY t FROM stdin;
  INSERT INTO app.events (at, what) VALUES ('2023-05-05', 'user ' || NEW.name || E' \\. ; $$');
  RETURN NEW;
END $fn$;
CREATE TRIGGER log AFTER INSERT ON app.users FOR EACH ROW EXECUTE FUNCTION app.log();
CREATE VIEW app.v AS SELECT id, upper(name) AS n FROM app.users WHERE name <> 'a;b';
CREATE MATERIALIZED VIEW app.mv AS SELECT m, count(*) FROM app.users GROUP BY m;
CREATE RULE r AS ON DELETE TO app.events_2024 DO ALSO (INSERT INTO app.events (at, what) VALUES ('2023-01-01','del'); SELECT 1);
CREATE TABLE app.child (id int PRIMARY KEY, user_id bigint REFERENCES app.users DEFERRABLE INITIALLY DEFERRED, "weird ""col" text, "FROM" text);
CREATE POLICY p ON app.child USING (id > 0); ALTER TABLE app.child ENABLE ROW LEVEL SECURITY;
INSERT INTO app.users (name, mail, m, bio, raw, tags, js) VALUES ('Zoë 🎉', 'a@b', 'sad', E'line\nbreak\ttab \\ back \\. \r cr', '\x00ff5c2e', '{a,"b c",NULL}', '{"a": "\\."}'), ('\.', 'c@d', DEFAULT, NULL, NULL, '{}', NULL), ('\N', 'e@f', 'it''s; \. fine', '', '', NULL, 'null');
INSERT INTO app.events (at, what) SELECT '2024-01-01'::date + n % 300, repeat('x', n % 50) FROM generate_series(1, 200) n;
INSERT INTO app.child VALUES (1, 1, 'w', 'f'), (2, 2, NULL, '');
REFRESH MATERIALIZED VIEW app.mv;
SELECT lo_from_bytea(4242, decode('00ff414243','hex')) ;
GRANT SELECT ON app.users TO PUBLIC;
