-- What version 5 adds to the workbench's tables.

-- The first run of the same command; NULL for runs of before this was kept, which are alone.
ALTER TABLE runs ADD COLUMN batch INTEGER;
CREATE INDEX runs_by_batch ON runs (coalesce(batch, id), id);
