-- Where the owner of an account has logged in from: an IPv4 address, or the /64 of an IPv6 one.
-- A login from there goes ahead of strangers' when many log in at once.
CREATE TABLE login_networks (
    user_id TEXT NOT NULL REFERENCES users (id),
    network TEXT NOT NULL,
    last_s REAL NOT NULL,
    PRIMARY KEY (user_id, network)
) STRICT, WITHOUT ROWID;

CREATE INDEX login_networks_by_last ON login_networks (last_s);

-- SQL cannot tell a /64: those of IPv6 addresses are known from the next login on.
INSERT INTO login_networks (user_id, network, last_s)
SELECT s.user_id, replace(s.address, '::ffff:', ''), MAX(s.time_s)
FROM session_events AS s
JOIN users AS u ON u.id = s.user_id
WHERE s.event = 'login' AND u.deleted_s IS NULL AND replace(s.address, '::ffff:', '') NOT LIKE '%:%'
GROUP BY 1, 2;
