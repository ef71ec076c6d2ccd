-- What version 9 adds to the workbench's tables: tags, what the library is sorted and counted by, and saved searches.

-- Words that users put on indicators. A tag that no indicator has any more is deleted.
CREATE TABLE tags (
  id     INTEGER PRIMARY KEY,
  name   TEXT NOT NULL,                   -- as it was first written
  folded TEXT NOT NULL UNIQUE,            -- in lower case: two tags that differ in case alone are one
  seal   INTEGER
) STRICT;
CREATE TABLE indicator_tags (
  indicator INTEGER NOT NULL REFERENCES indicators (id) ON DELETE CASCADE,
  tag       INTEGER NOT NULL REFERENCES tags (id),
  actor     TEXT NOT NULL,                -- who put it on
  added_at  INTEGER NOT NULL,
  seal      INTEGER,
  PRIMARY KEY (indicator, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX indicator_tags_by_tag ON indicator_tags (tag);

-- What relationships say about an indicator (database/figures.rs): the latest of their "Last Seen", 0 if there is none, and how many
-- there are with indicators that are not removed. Derived, so no seal covers them: `db verify` derives them again.
ALTER TABLE indicators ADD COLUMN last_seen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE indicators ADD COLUMN related INTEGER NOT NULL DEFAULT 0;
-- Like indicators_by_update: any filter is a short walk in each order.
CREATE INDEX indicators_by_addition ON indicators (type, status, created_at) WHERE removed_at IS NULL;
CREATE INDEX indicators_by_last_seen ON indicators (type, status, last_seen) WHERE removed_at IS NULL;
CREATE INDEX indicators_by_related ON indicators (type, status, related) WHERE removed_at IS NULL;

-- How many indicators there are, because counting a million takes longer than a page may. Derived, too.
CREATE TABLE library_counts (
  type    INTEGER NOT NULL,
  status  INTEGER NOT NULL,
  removed INTEGER NOT NULL,
  count   INTEGER NOT NULL,
  PRIMARY KEY (type, status, removed)
) STRICT, WITHOUT ROWID;
INSERT INTO library_counts
  SELECT type, status, removed_at IS NOT NULL, count(*) FROM indicators GROUP BY 1, 2, 3;
CREATE TRIGGER library_counts_new AFTER INSERT ON indicators BEGIN
  INSERT INTO library_counts VALUES (NEW.type, NEW.status, NEW.removed_at IS NOT NULL, 1)
    ON CONFLICT (type, status, removed) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER library_counts_gone AFTER DELETE ON indicators BEGIN
  UPDATE library_counts SET count = count - 1
    WHERE type = OLD.type AND status = OLD.status AND removed = (OLD.removed_at IS NOT NULL);
END;
CREATE TRIGGER library_counts_change AFTER UPDATE OF type, status, removed_at ON indicators BEGIN
  UPDATE library_counts SET count = count - 1
    WHERE type = OLD.type AND status = OLD.status AND removed = (OLD.removed_at IS NOT NULL);
  INSERT INTO library_counts VALUES (NEW.type, NEW.status, NEW.removed_at IS NOT NULL, 1)
    ON CONFLICT (type, status, removed) DO UPDATE SET count = count + 1;
END;

-- Filters of the library that a user keeps under a name. The number is never given twice, so that a form cannot hit another one.
CREATE TABLE saved_searches (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  user       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name       TEXT NOT NULL,               -- as it was chosen
  folded     TEXT NOT NULL,               -- in lower case
  query      TEXT NOT NULL,               -- the filters, as the address of the page has them
  created_at INTEGER NOT NULL,
  seal       INTEGER,
  UNIQUE (user, folded)
) STRICT;
