-- What version 2 adds to the workbench's tables. Times are seconds since the epoch, UTC, unless said otherwise.

-- Who may use the passive-DNS interfaces. Tokens are revoked, never deleted: the audit trail names them.
CREATE TABLE tokens (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT NOT NULL,               -- as it was chosen
  folded     TEXT NOT NULL,               -- in lower case
  public     TEXT NOT NULL UNIQUE,        -- the part of the token that is no secret, and finds this row
  digest     BLOB NOT NULL,               -- BLAKE3 of the whole token, which is not kept
  reads      INTEGER NOT NULL CHECK (reads IN (0, 1)),
  writes     INTEGER NOT NULL CHECK (writes IN (0, 1)),
  rate       INTEGER CHECK (rate > 0),    -- requests a second; NULL is no limit
  daily      INTEGER CHECK (daily > 0),   -- requests from midnight to midnight, UTC; NULL is no limit
  sensor     TEXT,                        -- whose sightings it brings
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  CHECK (reads = 1 OR writes = 1)
) STRICT;
-- Two tokens that work cannot have one name; the name of one that was revoked is free.
CREATE UNIQUE INDEX tokens_by_name ON tokens (folded) WHERE revoked_at IS NULL;

-- How much of them was used, written together once a second.
CREATE TABLE token_usage (
  token   INTEGER PRIMARY KEY REFERENCES tokens (id) ON DELETE CASCADE,
  day     INTEGER NOT NULL,               -- days since the epoch
  used    INTEGER NOT NULL,               -- requests on that day
  full_at INTEGER NOT NULL                -- when its bucket is full again, in microseconds since the epoch
) STRICT;
