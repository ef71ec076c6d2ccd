//! The packages that are part of the binary.

use super::{Catalogue, ManifestError, Package, PackageError};

/// File name and text, older versions of a name first. Lists for people begin with the last one.
const BUNDLED: &[(&str, &str)] = &[
    ("threatq-1.0.0.toml", include_str!("../../packages/threatq-1.0.0.toml")),
    ("misp-1.0.0.toml", include_str!("../../packages/misp-1.0.0.toml")),
    ("own-database-1.0.0.toml", include_str!("../../packages/own-database-1.0.0.toml")),
    ("mnemonic-passive-dns-1.0.0.toml", include_str!("../../packages/mnemonic-passive-dns-1.0.0.toml")),
    ("dnsdb-1.0.0.toml", include_str!("../../packages/dnsdb-1.0.0.toml")),
    ("cof-1.0.0.toml", include_str!("../../packages/cof-1.0.0.toml")),
    ("circl-passive-dns-1.0.0.toml", include_str!("../../packages/circl-passive-dns-1.0.0.toml")),
    ("circl-passive-dns-1.1.0.toml", include_str!("../../packages/circl-passive-dns-1.1.0.toml")),
    ("circl-passive-dns-1.2.0.toml", include_str!("../../packages/circl-passive-dns-1.2.0.toml")),
];

/// Every bundled package, older versions of a name first.
///
/// # Errors
/// [`ManifestError`] if the binary contains an invalid manifest, which a test prevents.
pub(super) fn all() -> Result<Vec<Package>, ManifestError> {
    BUNDLED.iter().map(|(file, source)| Package::parse(file, source)).collect()
}

/// The newest version of the operation that is used by default.
///
/// # Errors
/// As [`find`].
pub fn newest() -> Result<Package, PackageError> {
    find("circl-passive-dns")
}

/// A bundled package by `NAME` (the newest version) or `NAME@VERSION`.
///
/// # Errors
/// As [`Catalogue::find`].
pub fn find(wanted: &str) -> Result<Package, PackageError> {
    Catalogue::new(None)?.find(wanted).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_manifest_is_sound_and_named_after_its_content() {
        for ((file, _), package) in BUNDLED.iter().zip(all().unwrap()) {
            assert_eq!(*file, format!("{}-{}.toml", package.name, package.version));
        }
    }

    #[test]
    fn an_unversioned_name_means_the_newest() {
        assert_eq!(newest().unwrap().to_string(), "circl-passive-dns@1.2.0");
        assert_eq!(find("circl-passive-dns@1.0.0").unwrap().version.to_string(), "1.0.0");
    }

    #[test]
    fn an_unknown_name_or_version_lists_what_there_is() {
        let message = |wanted| find(wanted).unwrap_err().to_string();
        assert_eq!(
            message("gopher"),
            r#"there is no package "gopher" in the catalogue; available: circl-passive-dns, cof, dnsdb, misp, mnemonic-passive-dns, own-database, threatq"#
        );
        assert_eq!(
            message("circl-passive-dns@9"),
            "circl-passive-dns has no version 9; available: 1.0.0, 1.1.0, 1.2.0"
        );
    }

    #[test]
    fn version_1_0_0_has_the_guides_five_parameters_with_its_labels() {
        let package = find("circl-passive-dns@1.0.0").unwrap();
        let labels: Vec<(&str, &str)> = package
            .parameters
            .iter()
            .map(|parameter| (parameter.key.as_str(), parameter.label.as_str()))
            .collect();
        assert_eq!(
            labels,
            [
                ("host", "Hostname/IP Address of the CIRCL server"),
                ("port", "Communication Port"),
                ("user_token", "User Token"),
                ("use_http", "Use HTTP"),
                ("verify_ssl", "Verify SSL"),
            ]
        );
        assert_eq!(package.actions()[0].name, "Query CIRCL Passive DNS");
        assert_eq!(package.actions()[0].types.len(), 2);
    }

    #[test]
    fn every_version_keeps_every_parameter_of_the_one_before() {
        for versions in all().unwrap().windows(2) {
            let [old, new] = versions else { panic!("two of them") };
            if old.name != new.name {
                continue;
            }
            for parameter in &old.parameters {
                let kept = new.parameter(&parameter.key).unwrap();
                assert_eq!(
                    (&kept.kind, &kept.default, &kept.label, kept.required),
                    (&parameter.kind, &parameter.default, &parameter.label, parameter.required)
                );
            }
        }
    }

    #[test]
    fn version_1_2_0_adds_an_optional_login_for_the_proxy_and_nothing_else() {
        let (old, new) = (find("circl-passive-dns@1.1.0").unwrap(), newest().unwrap());
        let added = new.parameters.iter().filter(|one| old.parameter(&one.key).is_none());
        let added: Vec<_> = added.map(|one| (one.key.as_str(), one.kind.name(), one.required)).collect();
        assert_eq!(added, [("proxy_user", "text", false), ("proxy_password", "secret", false)]);
        assert_eq!(old.kind, new.kind);
    }
}
