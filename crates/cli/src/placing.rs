//! Where the addresses of records are, and which of them are wanted: the configured files, and the options of a command.

use context::{PlaceFilter, Placing};

use crate::args::placing::PlacingArgs;
use crate::config::Config;
use crate::exit::Failure;

/// What the options mean with the configured files.
///
/// # Errors
/// [`Failure`] for a file or an option that cannot be used.
pub(crate) fn placing(options: &PlacingArgs, config: &Config) -> Result<Placing, Failure> {
    let given = [("--as-number", &options.as_number), ("--country", &options.country)];
    let networks = config.networks()?.now();
    for (flag, value) in given {
        let Some(value) = value else { continue };
        if value.trim_matches([',', ' ']).is_empty() {
            return Err(Failure::Usage(format!("{flag}: nothing given")));
        }
        if !networks.is_configured() {
            let text = format!("{flag} needs a file that says where addresses are, and none is configured");
            return Err(Failure::Usage(text).hint("set [enrich] mmdb in the configuration to MMDB files"));
        }
    }
    let [systems, countries] = given.map(|(_, value)| value.as_deref().unwrap_or_default());
    let of = |flag: &str, systems: &str, countries: &str| {
        PlaceFilter::parse(systems, countries).map_err(|error| Failure::Usage(format!("{flag}: {error}")))
    };
    let only = of("--as-number", systems, "")?.and(of("--country", "", countries)?);
    Ok(Placing { networks, only })
}
