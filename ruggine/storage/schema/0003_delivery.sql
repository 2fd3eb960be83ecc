-- What the daemons of this database sign their hints to each other with.
INSERT INTO meta VALUES ('bus_key', lower(hex(randomblob(32))));
-- Changes at each start, here and in the file beside the database: where the two differ, this is
-- another file than the one that was last in use, such as a restored backup.
INSERT INTO meta VALUES ('generation', '');
