-- Accounts, sessions, chats and their entries.
-- Times: *_s in Unix seconds, *_ms in Unix milliseconds.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- the name without regard to case
    name_key TEXT NOT NULL UNIQUE,
    -- NULL once the account is deleted
    password_hash TEXT,
    created_s REAL NOT NULL,
    deleted_s REAL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    -- SHA-256 of the token; the token itself is nowhere
    token_hash BLOB PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    device TEXT NOT NULL,
    created_s REAL NOT NULL,
    last_seen_s REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_last_seen ON sessions (last_seen_s);

CREATE TABLE session_events (
    id INTEGER PRIMARY KEY,
    time_s REAL NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('login', 'failed_login', 'logout', 'revoke', 'expire')),
    -- NULL for a failed login of an unknown user
    user_id TEXT REFERENCES users (id),
    session_id TEXT,
    address TEXT NOT NULL
) STRICT;

CREATE INDEX session_events_of_user ON session_events (user_id, time_s);
CREATE INDEX session_events_by_time ON session_events (time_s);

CREATE TABLE chats (
    -- never used twice, so that a number means the same chat on every node for ever
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('private', 'group')),
    group_id TEXT UNIQUE,
    -- the two members of a private chat, the smaller id first
    low_user_id TEXT REFERENCES users (id),
    high_user_id TEXT REFERENCES users (id),
    last_seq INTEGER NOT NULL DEFAULT 0,
    -- 1: nothing can be added any more (a member's account was deleted)
    closed INTEGER NOT NULL DEFAULT 0,
    UNIQUE (low_user_id, high_user_id),
    CHECK ((kind = 'group') = (group_id IS NOT NULL)),
    CHECK ((kind = 'private') = (low_user_id IS NOT NULL AND high_user_id IS NOT NULL))
) STRICT;

CREATE INDEX chats_of_high_user ON chats (high_user_id);

CREATE TABLE chat_members (
    user_id TEXT NOT NULL REFERENCES users (id),
    chat_id INTEGER NOT NULL REFERENCES chats (id),
    read_seq INTEGER NOT NULL DEFAULT 0,
    -- entries up to here are discarded for this member only
    discarded_seq INTEGER NOT NULL DEFAULT 0,
    muted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, chat_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_of_chat ON chat_members (chat_id, user_id);

CREATE TABLE entries (
    chat_id INTEGER NOT NULL REFERENCES chats (id),
    -- 1, 2, 3 … without holes; raised in chats.last_seq by the same transaction
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    sender_id TEXT NOT NULL REFERENCES users (id),
    content TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    client_id TEXT,
    reply_to INTEGER,
    PRIMARY KEY (chat_id, seq)
) STRICT, WITHOUT ROWID;

-- What makes a send idempotent for ever.
CREATE UNIQUE INDEX entries_by_client_id ON entries (sender_id, client_id)
WHERE client_id IS NOT NULL;

-- For an operator with plain SQL.
CREATE VIEW private_messages (sender_id, receiver_id, content, timestamp) AS
SELECT
    e.sender_id,
    CASE e.sender_id WHEN c.low_user_id THEN c.high_user_id ELSE c.low_user_id END,
    e.content,
    e.time_ms / 1000.0
FROM entries AS e
JOIN chats AS c ON c.id = e.chat_id
WHERE c.kind = 'private' AND e.kind = 'message';

CREATE VIEW group_messages (group_id, sender_id, content, timestamp) AS
SELECT c.group_id, e.sender_id, e.content, e.time_ms / 1000.0
FROM entries AS e
JOIN chats AS c ON c.id = e.chat_id
WHERE c.kind = 'group' AND e.kind = 'message';
