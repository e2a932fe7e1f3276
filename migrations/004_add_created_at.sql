-- The column first and its default after it: ADD COLUMN … DEFAULT now() would give every old post the time of this
-- migration, and nobody could tell those times from real ones.
ALTER TABLE posts ADD COLUMN created_at timestamptz;
ALTER TABLE posts ALTER COLUMN created_at SET DEFAULT now();

-- The backfill. A post is at least as old as its publication; for drafts the time of this migration is all we have.
-- It runs under the lock that ALTER TABLE took, so it belongs here only while the table is small. For a large one,
-- backfill in a later file, once the programs that write the column are out.
UPDATE posts SET created_at = COALESCE(published_at, now()) WHERE created_at IS NULL;

-- pgmigrate: ignore=set-not-null the table is as small as it was for the backfill
ALTER TABLE posts ALTER COLUMN created_at SET NOT NULL;
