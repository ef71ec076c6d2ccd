-- What version 4 adds to the workbench's tables.

-- Where a secret may be sent (operation::Destination, as it is written); NULL where nobody knows, and then nowhere.
-- It is authenticated with the sealed secret: secret.rs.
ALTER TABLE secrets ADD COLUMN bound TEXT;
