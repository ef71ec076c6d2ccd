//! Measures how long a step took: [`Watch`], the only code here that reads the clock.

use std::fmt;
use std::time::Instant;

/// Starts when it is created; displays the elapsed time.
#[derive(Debug)]
pub(crate) struct Watch(Instant);

impl Watch {
    #[expect(clippy::disallowed_methods, reason = "the time of a step is shown, never decided on")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl fmt::Display for Watch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.elapsed().as_secs_f64();
        write!(out, "{seconds:.1} s")
    }
}
