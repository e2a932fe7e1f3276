CREATE TABLE posts (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- RESTRICT, said aloud: who deletes a user must decide what becomes of the posts.
    user_id      bigint NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    title        text NOT NULL,
    body         text NOT NULL DEFAULT '',
    -- NULL while the post is a draft.
    published_at timestamptz,
    CONSTRAINT posts_title_length CHECK (char_length(title) BETWEEN 1 AND 200)
);

-- PostgreSQL does not index foreign keys. Without this, deleting a user reads all posts.
CREATE INDEX posts_user_id_idx ON posts (user_id);

COMMENT ON TABLE posts IS 'What users write, drafts included';
