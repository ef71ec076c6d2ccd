//! The pages as people meet them: the real program, shown by a real browser.
//!
//! [`browser`] is somebody at the browser, [`program`] what is looked at, [`driver`] what drives it. Needs chromium and its
//! driver, and axe-core for [`access`]: `cargo xtask test` brings both.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

mod access;
mod analyst;
mod browser;
mod copied;
mod driver;
mod fit;
mod guide;
mod hostile;
mod keyboard;
mod long;
mod newcomer;
mod paper;
mod pivot;
mod plain;
mod program;
mod restart;
mod roles;
mod shelf;
mod tabs;
mod upgrade;
mod views;
mod widths;
mod zoom;

use std::time::Duration;

/// Nothing that is waited for takes this long, on a busy machine neither.
const PATIENCE: Duration = Duration::from_secs(90);
