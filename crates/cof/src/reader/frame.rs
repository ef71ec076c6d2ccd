//! Finds the end of a JSON value that arrives in pieces, without parsing any of it twice.

/// The state of a scan over one value: brackets are counted, strings skipped.
#[derive(Debug, Default)]
pub(super) struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// How much of the value has been scanned.
    at: usize,
}

impl Scan {
    /// A scan that starts within an open object.
    pub(super) fn inside_object() -> Self {
        Self { depth: 1, ..Self::default() }
    }

    /// Whether the value that starts at `value[0]` ends in it, or breaks off: at a line end within a string. Only new bytes are
    /// scanned.
    pub(super) fn reaches_end(&mut self, value: &[u8]) -> bool {
        while let Some(byte) = value.get(self.at) {
            self.at += 1;
            if self.step(*byte) {
                return true;
            }
        }
        false
    }

    /// Scans the next piece of the value; if the value ends in it, returns how much of the piece belongs to it.
    pub(super) fn pass(&mut self, piece: &[u8]) -> Option<usize> {
        piece.iter().position(|byte| self.step(*byte)).map(|at| at + 1)
    }

    fn step(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                b'\n' | b'\r' => return true,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}
