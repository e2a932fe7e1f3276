-- No NOT NULL: users who signed up before this have not told us their address.
ALTER TABLE users ADD COLUMN email text;

-- One account per address, however it is capitalised. NULLs do not conflict with each other.
-- CREATE INDEX stops writes to the table while it builds, which is short while the table is small. On a large one, make
-- it CREATE INDEX CONCURRENTLY, alone in a file that starts with the directive no-transaction.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
