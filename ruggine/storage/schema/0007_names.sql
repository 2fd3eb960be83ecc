-- What people see as the same name is the same name: see ruggine/names.py, which these functions
-- come from.
ALTER TABLE chats ADD COLUMN name_key TEXT;
-- what names that look alike in different scripts share
ALTER TABLE chats ADD COLUMN skeleton TEXT;

UPDATE chats SET name_key = name_key(name), skeleton = skeleton(name) WHERE name IS NOT NULL;

CREATE INDEX chats_by_name ON chats (name_key) WHERE name_key IS NOT NULL;
CREATE INDEX chats_by_skeleton ON chats (skeleton) WHERE skeleton IS NOT NULL;

-- No two accounts differ by dots at the end: in a sentence they cannot be told apart.
CREATE INDEX users_without_dots ON users (rtrim(name_key, '.'));
