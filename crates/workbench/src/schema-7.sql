-- What version 7 adds to the workbench's tables: small answers of providers. Before, each was a file, and such files stay valid.

-- The body of an answer (run/evidence.rs). Rows have no seals, because the hash is checked whenever a body is read.
CREATE TABLE answers (
  hash BLOB NOT NULL UNIQUE,              -- BLAKE3 of the decompressed body; runs.evidence has it as text
  body BLOB NOT NULL                      -- zstd
) STRICT;
