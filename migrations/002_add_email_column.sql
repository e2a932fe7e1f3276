-- NULL, said aloud: users who signed up before this have not told us their address.
ALTER TABLE users ADD COLUMN email text NULL;

-- One account per address, however it is capitalised. NULLs do not conflict with each other.
-- On a large table this is a CREATE INDEX CONCURRENTLY, alone in a file that starts with the directive no-transaction:
-- pgmigrate lint writes it out, where these two lines do not say that it is fine as it is.
-- pgmigrate: ignore=create-index-nonconcurrent users has a hundred rows, and the index is there in a millisecond
-- pgmigrate: ignore=statement-under-access-exclusive for the same reason
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
