-- Texts are folded in another way (storage/folding.py), so the index is made anew, behind the
-- sends; until a message is in it, it is looked through. The tokenizer folds nothing itself: it
-- knows fewer characters.
DROP TABLE search_terms;
DROP TABLE search_index;
CREATE VIRTUAL TABLE search_index USING fts5(
    content, content = '', detail = none, columnsize = 0, tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE search_terms USING fts5vocab ('search_index', 'row');
-- Merges are asked for by name, in small pieces, so that none of them holds up a send.
INSERT INTO search_index (search_index, rank) VALUES ('automerge', 0);
INSERT INTO search_index (search_index, rank) VALUES ('crisismerge', 500);
UPDATE chats SET indexed_seq = 0;

-- How many messages that are not deleted stand in 64 numbers of a log in a row, up to
-- chats.indexed_seq: what is unread is added up, not counted.
CREATE TABLE tallies (
    chat_id INTEGER NOT NULL REFERENCES chats (id),
    -- users.number; 0 for all of them
    sender INTEGER NOT NULL,
    -- seq >> 6
    block INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (chat_id, sender, block)
) STRICT, WITHOUT ROWID;

-- The invites of who is blocked, or has been taken out of the group, are withdrawn.
DELETE FROM group_invites
WHERE
    answer IS NULL
    AND (
        EXISTS (
            SELECT 1 FROM blocks AS b
            WHERE b.user_id = group_invites.user_id AND b.blocked_id = group_invites.invited_by
        )
        OR EXISTS (
            SELECT 1 FROM chat_members AS m
            JOIN entries AS e ON e.chat_id = m.chat_id AND e.seq = m.left_seq
            WHERE
                m.chat_id = group_invites.chat_id
                AND m.user_id IN (group_invites.user_id, group_invites.invited_by)
                AND e.sender <> e.subject
        )
    );
