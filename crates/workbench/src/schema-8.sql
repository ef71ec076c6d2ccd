-- What version 8 adds to the workbench's tables: investigations with their members, notes and jobs.

-- A named set of indicators. The number is never given twice, so that a link cannot lead to another one.
CREATE TABLE investigations (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT NOT NULL,               -- as it was chosen
  folded     TEXT NOT NULL,               -- in lower case
  status     TEXT NOT NULL CHECK (status IN ('open', 'on hold', 'closed')),
  tlp        TEXT CHECK (tlp IN ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')),
  summary    TEXT NOT NULL,               -- for readers of its report; empty if nobody wrote one
  actor      TEXT NOT NULL,               -- who created it
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  removed_at INTEGER,                     -- removed ones can be restored
  seal       INTEGER
) STRICT;
CREATE UNIQUE INDEX investigations_by_name ON investigations (folded) WHERE removed_at IS NULL;
CREATE INDEX investigations_by_update ON investigations (updated_at);

-- The texts that members were read from: zstd of UTF-8.
CREATE TABLE source_reports (
  id            INTEGER PRIMARY KEY,
  investigation INTEGER NOT NULL REFERENCES investigations (id) ON DELETE CASCADE,
  title         TEXT NOT NULL,
  dated_at      INTEGER,                  -- the date of the report; NULL if nobody said
  tlp           TEXT CHECK (tlp IN ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')),
  text          BLOB NOT NULL,
  length        INTEGER NOT NULL,         -- bytes, decompressed
  actor         TEXT NOT NULL,
  added_at      INTEGER NOT NULL,
  seal          INTEGER
) STRICT;
CREATE INDEX source_reports_by_investigation ON source_reports (investigation);

CREATE TABLE members (
  investigation INTEGER NOT NULL REFERENCES investigations (id) ON DELETE CASCADE,
  indicator     INTEGER NOT NULL REFERENCES indicators (id) ON DELETE CASCADE,
  verdict       TEXT NOT NULL CHECK (verdict IN ('open', 'benign', 'suspicious', 'malicious')),
  report        INTEGER REFERENCES source_reports (id) ON DELETE SET NULL,
  origin        TEXT NOT NULL,            -- the shared resource that led to it; empty if a person or a report named it
  actor         TEXT NOT NULL,
  added_at      INTEGER NOT NULL,
  removed_at    INTEGER,                  -- removed ones can be restored
  seal          INTEGER,
  PRIMARY KEY (investigation, indicator)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_indicator ON members (indicator);

-- Notes on an investigation, or on one of its members.
CREATE TABLE investigation_notes (
  id            INTEGER PRIMARY KEY,
  investigation INTEGER NOT NULL REFERENCES investigations (id) ON DELETE CASCADE,
  indicator     INTEGER REFERENCES indicators (id) ON DELETE CASCADE,
  at            INTEGER NOT NULL,
  actor         TEXT NOT NULL,
  text          TEXT NOT NULL,
  seal          INTEGER
) STRICT;
CREATE INDEX investigation_notes_by_investigation ON investigation_notes (investigation);

-- Work on many values that survives a restart. What is done is in the runs of its batch.
CREATE TABLE jobs (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  investigation INTEGER NOT NULL REFERENCES investigations (id) ON DELETE CASCADE,
  actor         TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('running', 'paused', 'cancelled', 'ended')),
  request       TEXT NOT NULL,            -- JSON: operations and filters (job/request.rs)
  subjects      TEXT NOT NULL,            -- the indicators, one per line
  batch         INTEGER,                  -- of its runs; NULL until there is one
  retried       INTEGER NOT NULL,         -- failed runs up to this number are made again
  worker        TEXT,                     -- who works on it (run/worker.rs)
  reason        TEXT,                     -- why it is paused, if nobody asked for that
  created_at    INTEGER NOT NULL,
  ended_at      INTEGER,
  seal          INTEGER
) STRICT;
CREATE INDEX jobs_by_investigation ON jobs (investigation, id);
CREATE INDEX jobs_running ON jobs (worker) WHERE state = 'running';
