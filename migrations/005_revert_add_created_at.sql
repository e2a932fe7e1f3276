-- Takes back 004_add_created_at.sql. That file stays as it is: databases that ran it, and databases that have yet to,
-- must end up the same.
-- Programs that read the column must be gone before this runs. The times in it are lost. The default and NOT NULL go
-- with the column; no rows are rewritten.
ALTER TABLE posts DROP COLUMN created_at;
