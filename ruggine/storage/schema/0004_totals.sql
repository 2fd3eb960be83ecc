-- How many there are, so that nobody has to count them: what is told every two minutes may cost no
-- look through a table.
CREATE TABLE totals (
    what TEXT PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Raised by the batch that stores messages.
INSERT INTO totals SELECT 'messages', COUNT(*) FROM entries WHERE kind = 'message';

INSERT INTO totals SELECT 'groups', COUNT(*) FROM chats WHERE kind = 'group' AND closed = 0;

CREATE TRIGGER group_made AFTER INSERT ON chats WHEN new.kind = 'group'
BEGIN
    UPDATE totals SET count = count + 1 WHERE what = 'groups';
END;

CREATE TRIGGER group_closed AFTER UPDATE OF closed ON chats
WHEN new.kind = 'group' AND new.closed = 1 AND old.closed = 0
BEGIN
    UPDATE totals SET count = count - 1 WHERE what = 'groups';
END;
