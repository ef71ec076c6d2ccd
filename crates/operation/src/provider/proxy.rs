//! The configured proxy, with its login and the messages for its refusals.

use client::{Proxy, Refusal};

use super::proxy_login::configured_login;
use crate::proxy_setting::LoginPlace;
use crate::{Package, Settings, SettingsError};

/// The labels of the parameters for the proxy's login, with their keys.
const PARAMETERS: &str = "Proxy User (proxy_user) and Proxy Password (proxy_password)";

/// The configured proxy at this address, with its login.
pub(super) fn configured(
    package: &Package,
    settings: &Settings,
    (host, port): (String, u16),
) -> Result<Proxy, SettingsError> {
    let wanted = match package.proxy_login() {
        LoginPlace::Parameters => format!("it requires a user and a password: set {PARAMETERS}"),
        LoginPlace::Environment => format!(
            "it requires a user and a password, for which this version of the package has no parameters: install the newest version and set {PARAMETERS}"
        ),
    };
    let refusal = Refusal { refused: format!("it refuses {PARAMETERS}"), wanted };
    Ok(Proxy { host, port, login: configured_login(package, settings)?, variable: None, refusal })
}
