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

-- Type and status are numbers because both lead the index that listings walk, once an indicator.
CREATE TABLE indicators (
  id         INTEGER PRIMARY KEY,
  type       INTEGER NOT NULL,             -- 1 FQDN, 4 IP Address, 6 IPv6 Address
  value      TEXT NOT NULL,                -- normalised
  -- The type's number and what orders and finds by suffix: the reversed labels of a name (cof::Name::push_sort_key), the
  -- octets of an address. It says the same as type and value, so that one index does for uniqueness, lookup and ranges.
  sort_key   BLOB NOT NULL UNIQUE,
  -- 1 Active, 2 Expired, 3 Indirect, 4 Review, 5 Whitelisted
  status     INTEGER NOT NULL CHECK (status BETWEEN 1 AND 5),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  removed_at INTEGER                       -- removed ones can be restored
) STRICT;
-- A listing by time merges one stretch for each type and status that it wants, so that any filter is a short walk.
CREATE INDEX indicators_by_update ON indicators (type, status, updated_at) WHERE removed_at IS NULL;
CREATE INDEX indicators_removed ON indicators (removed_at) WHERE removed_at IS NOT NULL;

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
  kind       TEXT NOT NULL,                -- the record type that joins them: A, NS, …
  created_at INTEGER NOT NULL,
  UNIQUE (from_id, to_id, kind)
) STRICT;
CREATE INDEX relationships_by_target ON relationships (to_id);

-- Who says so: a person (run is 0) or a package on the word of a run. An attribute or relationship is there as long as
-- one claim on it is, so that undoing a run takes back its claims and nothing else. One table for each kind, so that
-- what is deleted takes its claims along.
CREATE TABLE sources (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE indicator_claims (
  indicator INTEGER NOT NULL REFERENCES indicators (id) ON DELETE CASCADE,
  source    INTEGER NOT NULL REFERENCES sources (id),
  run       INTEGER NOT NULL,
  added_at  INTEGER NOT NULL,
  PRIMARY KEY (indicator, source, run)
) STRICT, WITHOUT ROWID;
-- Finds what a source says, and, over the few sources there are, what a run said.
CREATE INDEX indicator_claims_by_source ON indicator_claims (source, run);
CREATE TABLE attribute_claims (
  attribute INTEGER NOT NULL REFERENCES attributes (id) ON DELETE CASCADE,
  source    INTEGER NOT NULL REFERENCES sources (id),
  run       INTEGER NOT NULL,
  added_at  INTEGER NOT NULL,
  PRIMARY KEY (attribute, source, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX attribute_claims_by_run ON attribute_claims (run);
CREATE TABLE relationship_claims (
  relationship INTEGER NOT NULL REFERENCES relationships (id) ON DELETE CASCADE,
  source       INTEGER NOT NULL REFERENCES sources (id),
  run          INTEGER NOT NULL,
  -- JSON: [[name, value], …], in the package's order. On the claim: dates and counts differ from run to run, and go
  -- with the run that said them.
  attributes   TEXT NOT NULL,
  added_at     INTEGER NOT NULL,
  PRIMARY KEY (relationship, source, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX relationship_claims_by_run ON relationship_claims (run);

CREATE TABLE notes (
  id        INTEGER PRIMARY KEY,
  indicator INTEGER NOT NULL REFERENCES indicators (id) ON DELETE CASCADE,
  at        INTEGER NOT NULL,
  actor     TEXT NOT NULL,
  text      TEXT NOT NULL
) STRICT;
CREATE INDEX notes_by_indicator ON notes (indicator);

-- The manifests that runs were made with: an answer that is mapped later gives what it gave then, whatever is
-- installed meanwhile.
CREATE TABLE manifests (
  id     INTEGER PRIMARY KEY,
  source TEXT NOT NULL UNIQUE
) STRICT;

-- One execution of an action on one indicator. Its evidence is answers/HASH.zst.
CREATE TABLE runs (
  id          INTEGER PRIMARY KEY,
  indicator   TEXT NOT NULL,               -- normalised
  manifest    INTEGER NOT NULL REFERENCES manifests (id),
  package     TEXT NOT NULL,               -- NAME@VERSION
  source      TEXT NOT NULL,               -- whose word its findings are
  action      TEXT NOT NULL,
  provider    TEXT NOT NULL,               -- host:port
  actor       TEXT NOT NULL,
  question    TEXT NOT NULL,               -- operation::Config::question
  login       BLOB,                        -- keyed hash of the login that asked; NULL without one
  filter      TEXT NOT NULL,               -- JSON: which records were wanted of the answer
  worker      TEXT,                        -- while it is under way: who works on it (run/worker.rs)
  state       TEXT NOT NULL
              CHECK (state IN ('running', 'complete', 'truncated', 'partial', 'failed', 'interrupted')),
  reason      TEXT,                        -- why it is not complete, and what to do about it
  hint        TEXT,
  refused     INTEGER NOT NULL DEFAULT 0 CHECK (refused IN (0, 1)),
  started_at  INTEGER NOT NULL,
  ended_at    INTEGER,
  records     INTEGER NOT NULL DEFAULT 0,
  damages     INTEGER NOT NULL DEFAULT 0,
  bytes       INTEGER NOT NULL DEFAULT 0,  -- of the evidence, decompressed
  orientation TEXT NOT NULL DEFAULT 'auto',
  evidence    TEXT,                        -- its hash; NULL where nothing came
  whole       INTEGER NOT NULL DEFAULT 0 CHECK (whole IN (0, 1)),  -- whether it may answer again
  fetched_by  INTEGER NOT NULL,            -- the run that really asked: itself, or an earlier one with the same question
  fetched_at  INTEGER NOT NULL,
  added_at    INTEGER,                     -- when something of it was added to the library last
  undone_at   INTEGER                      -- when that was taken back, if nothing was added since
) STRICT;
CREATE INDEX runs_by_indicator ON runs (indicator, id);
-- What was asked before: the newest whole answer to a question.
CREATE INDEX runs_by_question ON runs (question, id) WHERE whole = 1;
CREATE INDEX runs_under_way ON runs (worker) WHERE worker IS NOT NULL;

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

-- Who may work on the web. Users are disabled, never deleted: the audit trail and the library name them.
CREATE TABLE users (
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL,               -- as it was chosen
  folded      TEXT NOT NULL UNIQUE,        -- in lower case: two names that differ in case alone are one
  role        TEXT NOT NULL CHECK (role IN ('Administrator', 'Maintainer', 'Analyst', 'Reader')),
  password    TEXT NOT NULL,               -- Argon2id, as a PHC string
  created_at  INTEGER NOT NULL,
  disabled_at INTEGER
) STRICT;

-- Who is signed in. An id is never given twice, so that ending a session cannot hit another.
CREATE TABLE sessions (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  digest       BLOB NOT NULL UNIQUE,       -- BLAKE3 of the token, which is not kept
  user         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at   INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  agent        TEXT NOT NULL,              -- what the browser says it is
  address      TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user);

-- Links that work once; what was used is deleted.
CREATE TABLE invitations (
  digest     BLOB PRIMARY KEY,             -- BLAKE3 of the token, which is not kept
  purpose    TEXT NOT NULL CHECK (purpose IN ('administrator', 'user', 'password', 'sign-in')),
  role       TEXT CHECK ((role IS NOT NULL) = (purpose = 'user')),
  user       INTEGER REFERENCES users (id) ON DELETE CASCADE
             CHECK ((user IS NOT NULL) = (purpose IN ('password', 'sign-in'))),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Attempts to sign in that failed or are under way, for a name or from a network, until they are forgotten.
CREATE TABLE sign_in_failures (
  key     BLOB PRIMARY KEY,                -- BLAKE3: people type passwords where a name belongs
  count   INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (last_at);
