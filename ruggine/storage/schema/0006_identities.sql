-- A chat has a name of its own, which clients see and which no other chat ever gets: for a group
-- its group_id, for a private chat a random UUID4. The names of its members may come to belong to
-- others.
ALTER TABLE chats ADD COLUMN public_id TEXT;

UPDATE chats SET public_id = COALESCE(group_id, lower(
    hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
    || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
    || '-' || hex(randomblob(6))
));

CREATE UNIQUE INDEX chats_by_public_id ON chats (public_id);

-- Whoever makes a chat need not think of it.
CREATE TRIGGER chat_made AFTER INSERT ON chats WHEN new.public_id IS NULL
BEGIN
    UPDATE chats SET public_id = COALESCE(new.group_id, lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
        || '-' || hex(randomblob(6))
    )) WHERE id = new.id;
END;
