//! Tests of the pages: the real program in a real browser.
//!
//! [`browser`] controls the browser, [`program`] runs the program, and [`driver`] the browser's driver. They need chromium and
//! its driver, and axe-core for [`access`]: `cargo xtask test` installs all of them.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

mod access;
mod analyst;
mod browser;
mod campaign;
mod copied;
mod driver;
mod explorer;
mod fit;
mod folds;
mod guide;
mod handovers;
mod histories;
mod hostile;
mod investigations;
mod keyboard;
mod lists;
mod long;
mod newcomer;
mod paper;
mod pivot;
mod plain;
mod platforms;
mod program;
mod pushes;
mod reports;
mod restart;
mod roles;
mod sensors;
mod several;
mod shelf;
mod tabs;
mod threatq;
mod upgrade;
mod views;
mod widths;
mod working;
mod zoom;

use std::time::Duration;

/// Longer than anything that is waited for takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
