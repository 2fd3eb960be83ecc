-- Raised by each transaction, so that a database can be told from an older copy of it.
INSERT INTO totals VALUES ('commits', 0);
