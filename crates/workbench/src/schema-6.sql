-- What version 6 adds to the workbench's tables: levels of the Traffic Light Protocol (operation::Tlp::word).

-- Who may see the indicator; NULL where nobody said.
ALTER TABLE indicators ADD COLUMN tlp TEXT CHECK (tlp IN ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'));
CREATE INDEX indicators_by_tlp ON indicators (tlp, updated_at) WHERE tlp IS NOT NULL;
-- The strictest level that the operation is asked about; NULL for that of its protocol.
ALTER TABLE integrations ADD COLUMN max_tlp TEXT CHECK (max_tlp IN ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'));
