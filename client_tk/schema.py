"""The tables of the client's own file, version by version."""

from __future__ import annotations

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE chats (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT '',
    open INTEGER NOT NULL DEFAULT 0,
    low INTEGER NOT NULL DEFAULT 1,
    cursor INTEGER NOT NULL DEFAULT 0,
    read_seq INTEGER NOT NULL DEFAULT 0,
    unread INTEGER NOT NULL DEFAULT 0,
    mentions INTEGER NOT NULL DEFAULT 0,
    counted INTEGER NOT NULL DEFAULT 0,
    muted INTEGER NOT NULL DEFAULT 0,
    left_it INTEGER NOT NULL DEFAULT 0,
    draft TEXT NOT NULL DEFAULT '',
    preview TEXT NOT NULL DEFAULT '',
    time_s REAL NOT NULL DEFAULT 0,
    UNIQUE (kind, name)
);
CREATE TABLE entries (
    chat_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    sender TEXT NOT NULL,
    content TEXT NOT NULL,
    time_s REAL NOT NULL,
    client_id TEXT,
    reply_to INTEGER,
    edited INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    reactions TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (chat_id, seq)
) WITHOUT ROWID;
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat_id INTEGER NOT NULL,
    client_id TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    reply_to INTEGER,
    time_s REAL NOT NULL,
    seq INTEGER,
    refusal TEXT NOT NULL DEFAULT ''
);
CREATE TABLE reads (
    chat_id INTEGER NOT NULL,
    username TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (chat_id, username)
) WITHOUT ROWID;
"""

_MENTIONS = """
CREATE TABLE mentions (
    chat_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (chat_id, seq)
) WITHOUT ROWID;
INSERT INTO mentions
    SELECT chats.id, seq FROM chats JOIN entries ON chat_id = chats.id
    WHERE mentions > 0 AND seq > read_seq AND entries.kind = 'message' AND content LIKE '%@%';
ALTER TABLE chats DROP COLUMN mentions;
"""
"""Which messages that name the person they have not seen; before, only how many there were."""

_IDENTITIES = """
CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
ALTER TABLE chats RENAME COLUMN name TO place;
ALTER TABLE chats ADD COLUMN public_id TEXT NOT NULL DEFAULT '';
ALTER TABLE chats ADD COLUMN by_name INTEGER NOT NULL DEFAULT 0;
UPDATE chats SET public_id = place WHERE kind = 'group';
UPDATE chats SET by_name = 1 WHERE kind = 'private';
ALTER TABLE reads RENAME COLUMN username TO user_id;
DELETE FROM reads WHERE chat_id IN (SELECT id FROM chats WHERE kind = 'group');
"""
"""A person is known by their id, and the name that goes with it stands in one place. Private chats
were kept by names before: which of them are whose, the daemon has to say (`client_tk.matching`)."""

STEPS = (_FIRST, _MENTIONS, _IDENTITIES)
"""What makes the tables of each version out of those of the one before."""

VERSION = len(STEPS)
