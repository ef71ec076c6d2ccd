-- The workbench's tables, version 1 (PRAGMA user_version). Times are seconds since the epoch, UTC.
-- A later version is a migration in database.rs; nothing here changes once it is released.

CREATE TABLE integrations (
  name         TEXT PRIMARY KEY,
  version      TEXT NOT NULL,
  manifest     TEXT NOT NULL,              -- as it was installed, byte for byte
  enabled      INTEGER NOT NULL DEFAULT 0 CHECK (enabled IN (0, 1)),
  installed_at INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Plain settings, as the text that was entered; checked against the manifest when read and when set.
CREATE TABLE settings (
  integration TEXT NOT NULL REFERENCES integrations (name) ON DELETE CASCADE,
  key         TEXT NOT NULL,
  value       TEXT NOT NULL,
  PRIMARY KEY (integration, key)
) STRICT, WITHOUT ROWID;

-- Encrypted with the key file: nonce (24 octets) and ciphertext; integration and key are authenticated with it.
CREATE TABLE secrets (
  integration TEXT NOT NULL REFERENCES integrations (name) ON DELETE CASCADE,
  key         TEXT NOT NULL,
  sealed      BLOB NOT NULL,
  PRIMARY KEY (integration, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE indicators (
  id         INTEGER PRIMARY KEY,
  type       TEXT NOT NULL,                -- as the threat library names it: FQDN, IP Address, IPv6 Address
  value      TEXT NOT NULL,                -- normalised
  -- Orders and finds by suffix: the reversed labels of a name (cof::Name::push_sort_key), the octets of an address.
  sort_key   BLOB NOT NULL,
  status     TEXT NOT NULL CHECK (status IN ('Active', 'Expired', 'Indirect', 'Review', 'Whitelisted')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  removed_at INTEGER,                      -- removed ones can be restored
  UNIQUE (value, type)
) STRICT;
CREATE INDEX indicators_by_sort_key ON indicators (sort_key);
CREATE INDEX indicators_by_update ON indicators (updated_at, id);

-- Attributes are name and value: the same pair is one attribute, whoever says it.
CREATE TABLE attributes (
  id         INTEGER PRIMARY KEY,
  indicator  INTEGER NOT NULL REFERENCES indicators (id) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  value      TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (indicator, name, value)
) STRICT;

CREATE TABLE relationships (
  id         INTEGER PRIMARY KEY,
  from_id    INTEGER NOT NULL REFERENCES indicators (id) ON DELETE CASCADE,
  to_id      INTEGER NOT NULL REFERENCES indicators (id) ON DELETE CASCADE,
  kind       TEXT NOT NULL,                -- the record type that joins them
  attributes TEXT NOT NULL,                -- JSON: [[name, value], …], in the package's order
  created_at INTEGER NOT NULL,
  UNIQUE (from_id, to_id, kind)
) STRICT;
CREATE INDEX relationships_by_target ON relationships (to_id);

-- Who says so. A row above is there as long as one claim on it is; run is set where a run added it, so that undoing the
-- run takes back its claims and nothing else.
CREATE TABLE sources (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE claims (
  subject  TEXT NOT NULL CHECK (subject IN ('indicator', 'attribute', 'relationship')),
  row      INTEGER NOT NULL,
  source   INTEGER NOT NULL REFERENCES sources (id),
  run      INTEGER NOT NULL DEFAULT 0,     -- 0: not a run
  added_at INTEGER NOT NULL,
  PRIMARY KEY (subject, row, source, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_by_run ON claims (run) WHERE run <> 0;

CREATE TABLE notes (
  id        INTEGER PRIMARY KEY,
  indicator INTEGER NOT NULL REFERENCES indicators (id) ON DELETE CASCADE,
  at        INTEGER NOT NULL,
  actor     TEXT NOT NULL,
  text      TEXT NOT NULL
) STRICT;
CREATE INDEX notes_by_indicator ON notes (indicator);

CREATE TABLE audit (
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  action  TEXT NOT NULL,                   -- integration.install, indicator.status, …
  subject TEXT NOT NULL,                   -- what it was done to
  detail  TEXT NOT NULL                    -- JSON; never a secret
) STRICT;
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_subject ON audit (subject, at);
