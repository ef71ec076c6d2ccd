-- What version 3 adds to the workbench's tables. The seals' triggers are made by database/seal.rs.

-- The digest of a row's content: database/seal.rs.
ALTER TABLE integrations ADD COLUMN seal INTEGER;
ALTER TABLE settings ADD COLUMN seal INTEGER;
ALTER TABLE secrets ADD COLUMN seal INTEGER;
ALTER TABLE indicators ADD COLUMN seal INTEGER;
ALTER TABLE attributes ADD COLUMN seal INTEGER;
ALTER TABLE relationships ADD COLUMN seal INTEGER;
ALTER TABLE sources ADD COLUMN seal INTEGER;
ALTER TABLE indicator_claims ADD COLUMN seal INTEGER;
ALTER TABLE attribute_claims ADD COLUMN seal INTEGER;
ALTER TABLE relationship_claims ADD COLUMN seal INTEGER;
ALTER TABLE notes ADD COLUMN seal INTEGER;
ALTER TABLE manifests ADD COLUMN seal INTEGER;
ALTER TABLE runs ADD COLUMN seal INTEGER;
ALTER TABLE audit ADD COLUMN seal INTEGER;
ALTER TABLE users ADD COLUMN seal INTEGER;
ALTER TABLE tokens ADD COLUMN seal INTEGER;

-- The hash of an entry over the one before it: database/head.rs.
ALTER TABLE audit ADD COLUMN chain BLOB;

-- How often the database was changed, and a digest of the tables' definitions. One row.
CREATE TABLE head (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  changes INTEGER NOT NULL,
  tables  INTEGER
) STRICT;
INSERT INTO head (id, changes) VALUES (1, 0);

-- What to do about an incomplete run is a code since version 3, because each surface words it.
UPDATE runs SET hint = '@limit' WHERE hint = 'leave --limit out to have all of them';
UPDATE runs SET hint = '@send' WHERE hint = 'let it be sent';
UPDATE runs SET hint = '@again' WHERE hint = 'run it again';
UPDATE runs SET hint = '@fresh' WHERE hint = 'ask again with --fresh';
UPDATE runs SET hint = '@room' WHERE hint = 'make room, or use another folder with --data-dir';
UPDATE runs SET hint = '@folder'
 WHERE hint = 'check the folder''s owner and rights, or use another with --data-dir';
UPDATE runs SET hint = '@fewer'
 WHERE hint LIKE 'narrow the question by record type, or ask on the command line%';
