-- Groups, invites, friends, blocks; messages that are edited, deleted and reacted to.

-- A group is a chat with a name, and members that come and go.
ALTER TABLE chats ADD COLUMN name TEXT;
-- 1: whoever knows the group may join
ALTER TABLE chats ADD COLUMN open INTEGER NOT NULL DEFAULT 0;

-- owner, admin or member in a group; NULL in a private chat
ALTER TABLE chat_members ADD COLUMN role TEXT CHECK (role IN ('owner', 'admin', 'member'));
-- the member's own member_joined: what stands before it is not theirs to read
ALTER TABLE chat_members ADD COLUMN joined_seq INTEGER NOT NULL DEFAULT 0;
-- the member's own member_left: what stands after it is not theirs to read; NULL while they belong
ALTER TABLE chat_members ADD COLUMN left_seq INTEGER;
-- 1: the other member of a private chat has blocked this one
ALTER TABLE chat_members ADD COLUMN barred INTEGER NOT NULL DEFAULT 0;

-- whom member_joined, member_left and role_changed are about
ALTER TABLE entries ADD COLUMN subject_id TEXT REFERENCES users (id);
-- the seq that message_edited, message_deleted and reaction are about
ALTER TABLE entries ADD COLUMN ref INTEGER;
-- whether a reaction was given (1) or taken back (0)
ALTER TABLE entries ADD COLUMN active INTEGER;
-- the present state of a message, whose content is the present one too
ALTER TABLE entries ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;

CREATE INDEX entries_by_ref ON entries (chat_id, ref) WHERE ref IS NOT NULL;

CREATE TABLE reactions (
    chat_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    emoji TEXT NOT NULL,
    PRIMARY KEY (chat_id, seq, emoji, user_id),
    FOREIGN KEY (chat_id, seq) REFERENCES entries (chat_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_invites (
    id TEXT PRIMARY KEY,
    chat_id INTEGER NOT NULL REFERENCES chats (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    invited_by TEXT NOT NULL REFERENCES users (id),
    created_s REAL NOT NULL,
    -- NULL while nobody has answered
    answer TEXT CHECK (answer IN ('accepted', 'rejected'))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX open_group_invites ON group_invites (user_id, chat_id) WHERE answer IS NULL;
CREATE INDEX group_invites_of_chat ON group_invites (chat_id);

CREATE TABLE friend_requests (
    from_id TEXT NOT NULL REFERENCES users (id),
    to_id TEXT NOT NULL REFERENCES users (id),
    message TEXT NOT NULL,
    created_s REAL NOT NULL,
    PRIMARY KEY (from_id, to_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX friend_requests_to ON friend_requests (to_id);

-- Each friendship twice, once from either side.
CREATE TABLE friends (
    user_id TEXT NOT NULL REFERENCES users (id),
    friend_id TEXT NOT NULL REFERENCES users (id),
    created_s REAL NOT NULL,
    PRIMARY KEY (user_id, friend_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
    user_id TEXT NOT NULL REFERENCES users (id),
    blocked_id TEXT NOT NULL REFERENCES users (id),
    created_s REAL NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX blocks_of_blocked ON blocks (blocked_id);

-- What was deleted is not shown to an operator either.
DROP VIEW private_messages;
CREATE VIEW private_messages (sender_id, receiver_id, content, timestamp) AS
SELECT
    e.sender_id,
    CASE e.sender_id WHEN c.low_user_id THEN c.high_user_id ELSE c.low_user_id END,
    e.content,
    e.time_ms / 1000.0
FROM entries AS e
JOIN chats AS c ON c.id = e.chat_id
WHERE c.kind = 'private' AND e.kind = 'message' AND e.deleted = 0;

DROP VIEW group_messages;
CREATE VIEW group_messages (group_id, sender_id, content, timestamp) AS
SELECT c.group_id, e.sender_id, e.content, e.time_ms / 1000.0
FROM entries AS e
JOIN chats AS c ON c.id = e.chat_id
WHERE c.kind = 'group' AND e.kind = 'message' AND e.deleted = 0;

-- Search: every three characters in a row of each message, folded; see storage/search.py, and
-- docs/performance.md for why. It keeps no text. Its rowid is chat_id << 32 | seq.
CREATE VIRTUAL TABLE search_index USING fts5(
    content, content = '', detail = none, columnsize = 0, tokenize = 'trigram'
);
CREATE VIRTUAL TABLE search_terms USING fts5vocab ('search_index', 'row');
-- Merges are asked for by name, in small pieces, so that none of them holds up a send.
INSERT INTO search_index (search_index, rank) VALUES ('automerge', 0);
INSERT INTO search_index (search_index, rank) VALUES ('crisismerge', 500);
-- messages up to here are in the index; those after it are few, and are looked through one by one
ALTER TABLE chats ADD COLUMN indexed_seq INTEGER NOT NULL DEFAULT 0;
