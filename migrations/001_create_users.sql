CREATE TABLE users (
    -- bigint, because widening a key later rewrites the table and every table that refers to it.
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- text with a check rather than varchar(50): a check can be changed without touching the column's type.
    name text NOT NULL,
    CONSTRAINT users_name_length CHECK (char_length(name) BETWEEN 1 AND 50),
    CONSTRAINT users_name_key UNIQUE (name)
);

COMMENT ON TABLE users IS 'People who can sign in';
