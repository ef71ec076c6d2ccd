-- What version 10 adds to the workbench's tables: what was sent to platforms.

CREATE TABLE pushes (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  platform   TEXT NOT NULL,               -- the name of the integration, which may be removed since
  package    TEXT NOT NULL,               -- NAME@VERSION when it was created
  place      TEXT NOT NULL,               -- host and port when it was created
  title      TEXT NOT NULL,               -- what is handed over, for people
  request    TEXT NOT NULL,               -- JSON: what is handed over, and how (push/request.rs)
  target     TEXT,                        -- what it is on the platform, such as an event; NULL until that is known
  actor      TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'paused', 'cancelled', 'done', 'failed')),
  reason     TEXT,                        -- why it is paused or failed, if nobody asked for that
  worker     TEXT,                        -- who works on it (run/worker.rs)
  created_at INTEGER NOT NULL,
  ended_at   INTEGER,
  seal       INTEGER
) STRICT;
CREATE INDEX pushes_open ON pushes (id) WHERE state IN ('waiting', 'running');

-- What a push consists of: one row for each indicator, record, relationship and text.
CREATE TABLE push_rows (
  push      INTEGER NOT NULL REFERENCES pushes (id) ON DELETE CASCADE,
  key       TEXT NOT NULL,                -- identifies it on the platform
  place     INTEGER NOT NULL,             -- its place in the push
  kind      TEXT NOT NULL CHECK (kind IN ('event', 'indicator', 'record', 'relationship', 'text')),
  label     TEXT NOT NULL,                -- what it is, for people
  indicator TEXT,                         -- canonical, if it is an indicator
  outcome   TEXT NOT NULL CHECK (outcome IN ('create', 'update', 'created', 'updated', 'unchanged', 'held', 'refused')),
  reason    TEXT,                         -- why it is held back or refused
  at        INTEGER NOT NULL,             -- when the outcome was determined
  seal      INTEGER,
  PRIMARY KEY (push, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX push_rows_by_place ON push_rows (push, outcome, place);
CREATE INDEX push_rows_by_indicator ON push_rows (indicator, push) WHERE indicator IS NOT NULL;
