//! The manifest file: its format, and the checks that create a [`Package`] from it.
//!
//! The format is TOML, version 1. An unknown key is an error, because a misspelt one would silently have no effect. A reference
//! (a parameter's key to a setting of the protocol, a field, a type) must refer to something that exists.

use std::collections::HashSet;
use std::ops::Range;

use semver::{Version, VersionReq};
use serde::Deserialize;
use toml::Spanned;

use super::changes::FileRelease;
use super::{Action, Kind, ManifestError, Operation, Package, Platform};
use crate::interface::{HttpInterface, Interface, NotFound, Protocol, check_base, check_path, check_token};
use crate::mapping::{Attribute, Mapping, RecordField, Related, Rows};
use crate::parameter::{Check, Owner, Setting};
use crate::proxy_setting::LoginPlace;
use crate::{IndicatorType, Parameter, ParameterKind, Value};

/// The maximum size of a manifest, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// The newest format that this version supports.
const FORMAT: i64 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Checked before everything else, see [`Preview`].
    #[serde(rename = "format")]
    _format: i64,
    name: Spanned<String>,
    title: String,
    version: Spanned<String>,
    backsight: Spanned<String>,
    kind: Spanned<String>,
    author: String,
    description: String,
    provider: Option<Spanned<FileProvider>>,
    platform: Option<Spanned<FilePlatform>>,
    #[serde(default)]
    parameters: Vec<FileParameter>,
    actions: Option<Spanned<Vec<FileAction>>>,
    mapping: Option<Spanned<FileMapping>>,
    #[serde(default)]
    changes: Vec<FileRelease>,
}

/// Only the part that shows that a manifest needs a newer Backsight, which is checked before its unknown keys.
#[derive(Deserialize)]
struct Preview {
    format: Option<Spanned<i64>>,
    backsight: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileProvider {
    protocol: Spanned<String>,
    path: Option<Spanned<String>>,
    circl_headers: Option<Spanned<bool>>,
    limit_parameter: Option<Spanned<String>>,
    not_found: Option<Spanned<String>>,
    token_header: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePlatform {
    protocol: Spanned<String>,
}

/// The tables of a manifest that depend on its kind.
struct FileKind {
    kind: Spanned<String>,
    provider: Option<Spanned<FileProvider>>,
    platform: Option<Spanned<FilePlatform>>,
    actions: Option<Spanned<Vec<FileAction>>>,
    mapping: Option<Spanned<FileMapping>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileParameter {
    key: Spanned<String>,
    label: String,
    #[serde(default)]
    help: String,
    #[serde(rename = "type")]
    kind: Spanned<String>,
    validate: Option<Spanned<String>>,
    choices: Option<Vec<String>>,
    default: Option<Spanned<toml::Value>>,
    #[serde(default)]
    required: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAction {
    name: String,
    #[serde(default)]
    help: String,
    types: Vec<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMapping {
    #[serde(default)]
    attributes: Vec<FileAttribute>,
    related: Option<FileRelated>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAttribute {
    name: String,
    field: Spanned<String>,
    rows: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRelated {
    types: Vec<Spanned<String>>,
    #[serde(default)]
    attributes: Vec<FileAttribute>,
}

/// The text being parsed, and its name in errors.
pub(super) struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

/// Parses and checks a manifest.
pub(super) fn read(file: &str, text: &str) -> Result<Package, ManifestError> {
    let source = Source { file, text };
    if text.len() > MAX_BYTES {
        return Err(ManifestError::new(file, text, None, format!("larger than {} KiB", MAX_BYTES >> 10)));
    }
    source.check_age()?;
    let manifest: File = toml::from_str(text).map_err(|error| source.syntax(&error))?;
    source.package(manifest)
}

impl Source<'_> {
    pub(super) fn error(&self, span: Range<usize>, message: impl Into<String>) -> ManifestError {
        ManifestError::new(self.file, self.text, Some(span), message)
    }

    fn syntax(&self, error: &toml::de::Error) -> ManifestError {
        ManifestError::new(self.file, self.text, error.span(), error.message())
    }

    /// If the manifest needs a newer Backsight, the error states that, and not what is unknown in it.
    fn check_age(&self) -> Result<(), ManifestError> {
        let preview: Preview = toml::from_str(self.text).map_err(|error| self.syntax(&error))?;
        let hint = "upgrade Backsight, or install an older version of the package";
        if let Some(format) = preview.format
            && *format.get_ref() > FORMAT
        {
            let message = format!(
                "manifest format {}: this version of Backsight supports up to {FORMAT}",
                format.get_ref()
            );
            return Err(self.error(format.span(), message).with_hint(hint));
        }
        let Some(backsight) = preview.backsight else { return Ok(()) };
        let wanted = self.requirement(&backsight)?;
        let ours = Version::parse(env!("CARGO_PKG_VERSION"))
            .map_err(|e| self.error(backsight.span(), e.to_string()))?;
        if wanted.matches(&ours) {
            return Ok(());
        }
        let message = format!("made for Backsight {wanted}; this is {ours}");
        Err(self.error(backsight.span(), message).with_hint(hint))
    }

    fn requirement(&self, text: &Spanned<String>) -> Result<VersionReq, ManifestError> {
        VersionReq::parse(text.get_ref())
            .map_err(|e| self.error(text.span(), format!("not a version range: {e}")))
    }

    pub(super) fn version(&self, text: &Spanned<String>) -> Result<Version, ManifestError> {
        Version::parse(text.get_ref())
            .map_err(|e| self.error(text.span(), format!("not a semantic version: {e}")))
    }

    fn package(&self, file: File) -> Result<Package, ManifestError> {
        self.check_head(&file)?;
        let kind = self.kind(FileKind {
            kind: file.kind,
            provider: file.provider,
            platform: file.platform,
            actions: file.actions,
            mapping: file.mapping,
        })?;
        self.check_proxy_login(&file.parameters)?;
        let mut keys = HashSet::new();
        let mut parameters = file
            .parameters
            .into_iter()
            .map(|one| self.parameter(one, &kind, &mut keys))
            .collect::<Result<Vec<_>, _>>()?;
        let place = LoginPlace::of(|key| parameters.iter().any(|parameter| parameter.key == key));
        for parameter in &mut parameters {
            if let Check::Proxy(beside) = &mut parameter.check {
                *beside = place;
            }
        }
        let version = self.version(&file.version)?;
        Ok(Package {
            name: file.name.into_inner(),
            title: file.title,
            changes: self.releases(file.changes, &version)?,
            version,
            backsight: self.requirement(&file.backsight)?,
            author: file.author,
            description: file.description,
            kind,
            parameters,
            source: self.text.to_owned(),
        })
    }

    fn check_head(&self, file: &File) -> Result<(), ManifestError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let name = file.name.get_ref();
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            return Err(
                self.error(file.name.span(), "a name is up to 64 lower-case letters, digits and hyphens")
            );
        }
        Ok(())
    }

    /// What the package is for. Tables of the other kind are refused: they would have no effect.
    fn kind(&self, file: FileKind) -> Result<Kind, ManifestError> {
        let FileKind { kind, provider, platform, actions, mapping } = file;
        let stray = match kind.get_ref().as_str() {
            Kind::OPERATION => [("[platform]", platform.as_ref().map(Spanned::span)), ("", None), ("", None)],
            Kind::PLATFORM => [
                ("[provider]", provider.as_ref().map(Spanned::span)),
                ("[[actions]]", actions.as_ref().map(Spanned::span)),
                ("[mapping]", mapping.as_ref().map(Spanned::span)),
            ],
            _ => {
                let known = [Kind::OPERATION, Kind::PLATFORM].map(|word| format!("{word:?}")).join(" and ");
                let message = format!("unknown kind; this version of Backsight installs {known}");
                return Err(self.error(kind.span(), message));
            }
        };
        if let Some((table, span)) = stray.into_iter().find_map(|(table, span)| Some((table, span?))) {
            return Err(
                self.error(span, format!("a package of the kind {:?} has no {table}", kind.get_ref()))
            );
        }
        match (provider, platform) {
            (_, Some(platform)) => self.platform(&platform.get_ref().protocol).map(Kind::Platform),
            (Some(provider), None) => {
                self.operation(&kind, provider.into_inner(), actions, mapping).map(Kind::Operation)
            }
            (None, None) => {
                let table = if kind.get_ref() == Kind::PLATFORM { "[platform]" } else { "[provider]" };
                Err(self
                    .error(kind.span(), format!("a package of the kind {:?} needs {table}", kind.get_ref())))
            }
        }
    }

    fn operation(
        &self,
        kind: &Spanned<String>,
        provider: FileProvider,
        actions: Option<Spanned<Vec<FileAction>>>,
        mapping: Option<Spanned<FileMapping>>,
    ) -> Result<Operation, ManifestError> {
        let span = actions.as_ref().map_or_else(|| kind.span(), Spanned::span);
        let actions = actions.map(Spanned::into_inner).unwrap_or_default();
        if actions.is_empty() {
            return Err(self.error(span, "an operation needs at least one action"));
        }
        Ok(Operation {
            interface: self.interface(provider)?,
            actions: actions.into_iter().map(|one| self.action(one)).collect::<Result<_, _>>()?,
            mapping: self.mapping(mapping.map(Spanned::into_inner).unwrap_or_default())?,
        })
    }

    fn platform(&self, protocol: &Spanned<String>) -> Result<Platform, ManifestError> {
        Platform::from_word(protocol.get_ref()).ok_or_else(|| {
            let known = Platform::ALL.map(|platform| format!("{:?}", platform.word())).join(", ");
            self.error(protocol.span(), format!("unknown protocol of a platform; there is {known}"))
        })
    }

    fn interface(&self, file: FileProvider) -> Result<Interface, ManifestError> {
        if file.protocol.get_ref() == Interface::OWN_DATABASE {
            return self.own_database(&file);
        }
        self.http_interface(file).map(Interface::Http)
    }

    /// The database has no address, so nothing can be said about it.
    fn own_database(&self, file: &FileProvider) -> Result<Interface, ManifestError> {
        let span = |text: &Option<Spanned<String>>| text.as_ref().map(Spanned::span);
        let stray = [
            ("path", span(&file.path)),
            ("circl_headers", file.circl_headers.as_ref().map(Spanned::span)),
            ("limit_parameter", span(&file.limit_parameter)),
            ("not_found", span(&file.not_found)),
            ("token_header", span(&file.token_header)),
        ];
        match stray.into_iter().find_map(|(key, span)| Some((key, span?))) {
            Some((key, span)) => Err(self.error(span, format!("{} has no {key}", Interface::OWN_DATABASE))),
            None => Ok(Interface::OwnDatabase),
        }
    }

    fn http_interface(&self, file: FileProvider) -> Result<HttpInterface, ManifestError> {
        let protocol = self.protocol(&file.protocol)?;
        let Some(path) = file.path else {
            return Err(self.error(file.protocol.span(), format!("{} needs a path", protocol.word())));
        };
        let check = match protocol {
            Protocol::Cof => check_path,
            Protocol::Dnsdb => check_base,
        };
        check(path.get_ref()).map_err(|why| self.error(path.span(), why))?;
        let name = |name: Option<Spanned<String>>| match name {
            Some(name) => match check_token(name.get_ref()) {
                Ok(()) => Ok(Some(name.into_inner())),
                Err(why) => Err(self.error(name.span(), why)),
            },
            None => Ok(None),
        };
        let not_found = match file.not_found {
            // DNSDB has 404 for unknown paths only.
            None if protocol == Protocol::Dnsdb => NotFound::Error,
            None => NotFound::default(),
            Some(word) => NotFound::from_word(word.get_ref())
                .ok_or_else(|| self.error(word.span(), "not_found is \"empty\" or \"error\""))?,
        };
        Ok(HttpInterface {
            protocol,
            path: path.into_inner(),
            // Services know CIRCL's headers unless a manifest says otherwise.
            circl_headers: file.circl_headers.is_none_or(Spanned::into_inner),
            limit_parameter: name(file.limit_parameter)?,
            not_found,
            token_header: name(file.token_header)?,
        })
    }

    fn protocol(&self, word: &Spanned<String>) -> Result<Protocol, ManifestError> {
        Protocol::from_word(word.get_ref()).ok_or_else(|| {
            let known = Protocol::ALL.map(|protocol| format!("{:?}", protocol.word())).join(", ");
            self.error(
                word.span(),
                format!("unknown protocol; there is {known}, {:?}", Interface::OWN_DATABASE),
            )
        })
    }

    /// A password needs a user, and both need a proxy.
    fn check_proxy_login(&self, parameters: &[FileParameter]) -> Result<(), ManifestError> {
        let find = |key: &str| parameters.iter().find(|one| one.key.get_ref() == key);
        for (key, needed) in [("proxy_user", "proxy"), ("proxy_password", "proxy_user")] {
            if let (Some(one), None) = (find(key), find(needed)) {
                return Err(self.error(one.key.span(), format!("{key:?} also needs a parameter {needed:?}")));
            }
        }
        Ok(())
    }

    fn parameter(
        &self,
        file: FileParameter,
        kind: &Kind,
        keys: &mut HashSet<String>,
    ) -> Result<Parameter, ManifestError> {
        let key = file.key.get_ref();
        let Some(setting) = Setting::all(owner(kind)).find(|setting| setting.key == key) else {
            let known: Vec<&str> = Setting::all(owner(kind)).map(|setting| setting.key).collect();
            let message = format!("{} has no setting {key:?}", kind.protocol());
            return Err(self
                .error(file.key.span(), message)
                .with_hint(format!("it has {}", known.join(", "))));
        };
        if !keys.insert(key.clone()) {
            return Err(self.error(file.key.span(), format!("the key {key:?} is used twice")));
        }
        let value_kind = self.parameter_kind(&file.kind, file.choices)?;
        if value_kind.name() != setting.kind {
            let message = format!("{key:?} has type {:?}, not {:?}", setting.kind, value_kind.name());
            return Err(self.error(file.kind.span(), message));
        }
        if let ParameterKind::Choice(choices) = &value_kind
            && let Some(choice) = choices.iter().find(|choice| !setting.choices.contains(&choice.as_str()))
        {
            let message = format!("{key:?} has no choice {choice:?}");
            let hint = format!("it has {}", setting.choices.join(", "));
            return Err(self.error(file.key.span(), message).with_hint(hint));
        }
        let check = match &file.validate {
            None => Check::Any,
            Some(name) => Check::from_name(name.get_ref()).ok_or_else(|| {
                let hint = format!("there is {}", Check::names());
                self.error(name.span(), format!("unknown check {:?}", name.get_ref())).with_hint(hint)
            })?,
        };
        // Whatever the package declares: otherwise an address with a password would be stored and shown in clear text.
        let check = match key.as_str() {
            "proxy" => Check::Proxy(LoginPlace::Environment),
            "proxy_user" => Check::ProxyUser,
            _ => check,
        };
        let mut parameter = Parameter {
            key: key.clone(),
            label: file.label,
            help: file.help.replace('\n', " ").trim().to_owned(),
            kind: value_kind,
            check,
            default: None,
            required: file.required,
        };
        if let Some(default) = file.default {
            parameter.default = Some(self.default(&parameter, &default)?);
        }
        Ok(parameter)
    }

    fn parameter_kind(
        &self,
        kind: &Spanned<String>,
        choices: Option<Vec<String>>,
    ) -> Result<ParameterKind, ManifestError> {
        match (kind.get_ref().as_str(), choices) {
            ("choice", Some(choices)) if !choices.is_empty() => Ok(ParameterKind::Choice(choices)),
            ("choice", _) => Err(self.error(kind.span(), "a choice needs choices = [\"…\", …]")),
            (_, Some(_)) => Err(self.error(kind.span(), "only a choice can have choices")),
            (name, None) => ParameterKind::from_name(name).ok_or_else(|| {
                self.error(kind.span(), "unknown type; there is text, number, secret, switch, choice")
            }),
        }
    }

    fn default(&self, parameter: &Parameter, default: &Spanned<toml::Value>) -> Result<Value, ManifestError> {
        if parameter.kind == ParameterKind::Secret {
            return Err(
                self.error(default.span(), "a secret cannot have a default, which everyone could read here")
            );
        }
        let text = match default.get_ref() {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        parameter.read(&text).map_err(|why| self.error(default.span(), why))
    }

    fn action(&self, file: FileAction) -> Result<Action, ManifestError> {
        Ok(Action { name: file.name, help: file.help, types: self.types(file.types)? })
    }

    fn types(&self, names: Vec<Spanned<String>>) -> Result<Vec<IndicatorType>, ManifestError> {
        let one = |name: Spanned<String>| {
            IndicatorType::from_name(name.get_ref()).ok_or_else(|| {
                let known = IndicatorType::ALL.map(IndicatorType::name).join(", ");
                let message = format!("unknown indicator type {:?}; there is {known}", name.get_ref());
                self.error(name.span(), message)
            })
        };
        names.into_iter().map(one).collect()
    }

    fn mapping(&self, file: FileMapping) -> Result<Mapping, ManifestError> {
        let attributes =
            file.attributes.into_iter().map(|one| self.attribute(one)).collect::<Result<_, _>>()?;
        let related = match file.related {
            None => None,
            Some(related) => Some(Related {
                types: self.types(related.types)?,
                attributes: related
                    .attributes
                    .into_iter()
                    .map(|one| self.attribute(one))
                    .collect::<Result<_, _>>()?,
            }),
        };
        Ok(Mapping { attributes, related })
    }

    fn attribute(&self, file: FileAttribute) -> Result<Attribute, ManifestError> {
        let field = RecordField::from_name(file.field.get_ref()).ok_or_else(|| {
            let message = format!("unknown field {:?}", file.field.get_ref());
            self.error(file.field.span(), message).with_hint(format!("there is {}", RecordField::names()))
        })?;
        let rows = match file.rows {
            None => Rows::All,
            Some(rows) => Rows::from_name(rows.get_ref())
                .ok_or_else(|| self.error(rows.span(), "rows is \"all\" or \"direct\""))?,
        };
        Ok(Attribute { name: file.name, field, rows })
    }
}

/// Which settings a package can have.
fn owner(kind: &Kind) -> Owner {
    match kind {
        Kind::Operation(Operation { interface: Interface::Http(_), .. }) => Owner::Service,
        Kind::Operation(Operation { interface: Interface::OwnDatabase, .. }) => Owner::OwnDatabase,
        Kind::Platform(Platform::Misp) => Owner::Misp,
        Kind::Platform(Platform::Threatq) => Owner::Threatq,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = include_str!("../../packages/circl-passive-dns-1.0.0.toml");

    fn broken(from: &str, to: &str) -> String {
        assert!(SOUND.contains(from));
        read("test.toml", &SOUND.replacen(from, to, 1)).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_pointed_at() {
        insta::assert_snapshot!(broken("kind = \"operation\"", "kind = \"operation\"\ncolour = \"red\""), @r#"
        test.toml:9:1: unknown field `colour`, expected one of `format`, `name`, `title`, `version`, `backsight`, `kind`, `author`, `description`, `provider`, `platform`, `parameters`, `actions`, `mapping`, `changes`
          |
        9 | colour = "red"
          | ^^^^^^
        "#);
    }

    #[test]
    fn a_package_for_a_newer_backsight_says_so_whatever_else_is_strange() {
        insta::assert_snapshot!(broken("backsight = \">=0.1.0\"", "backsight = \">=9.0.0\"\nnovelty = 1"), @r#"
        test.toml:7:13: made for Backsight >=9.0.0; this is 0.1.0
          |
        7 | backsight = ">=9.0.0"
          |             ^^^^^^^^^
        hint: upgrade Backsight, or install an older version of the package
        "#);
        insta::assert_snapshot!(broken("format = 1", "format = 2"), @r"
        test.toml:3:10: manifest format 2: this version of Backsight supports up to 1
          |
        3 | format = 2
          |          ^
        hint: upgrade Backsight, or install an older version of the package
        ");
    }

    #[test]
    fn every_reference_must_lead_somewhere() {
        for (from, to, message) in [
            ("key = \"port\"", "key = \"colour\"", "cof has no setting \"colour\""),
            ("key = \"port\"", "key = \"host\"", "the key \"host\" is used twice"),
            ("type = \"number\"", "type = \"text\"", "\"port\" has type \"number\", not \"text\""),
            ("type = \"number\"", "type = \"wheel\"", "unknown type"),
            ("validate = \"port\"", "validate = \"colour\"", "unknown check \"colour\""),
            ("default = \"www.circl.lu\"", "default = \"https://x\"", "without"),
            ("type = \"secret\"", "type = \"secret\"\ndefault = \"x\"", "a secret cannot have a default"),
            ("field = \"rdata\"", "field = \"rrdata\"", "unknown field \"rrdata\""),
            ("\"IP Address\"]", "\"Hostname\"]", "unknown indicator type \"Hostname\""),
            ("{value}", "value", "contain {value} once"),
            ("query/{value}\"", "query/{value}?x={value}\"", "contain {value} once"),
            ("\"cof-http\"", "\"gopher\"", "unknown protocol"),
            ("version = \"1.0.0\"", "version = \"1\"", "not a semantic version"),
            ("name = \"circl-passive-dns\"", "name = \"../x\"", "a name is"),
            ("kind = \"operation\"", "kind = \"feed\"", "unknown kind"),
        ] {
            let shown = broken(from, to);
            assert!(shown.contains(message) && shown.contains('^'), "{to}: {shown}");
        }
    }

    #[test]
    fn the_own_database_has_neither_an_address_nor_a_login() {
        let bundled = crate::package::find("own-database").unwrap();
        assert!(bundled.is_local());
        let protocol = "protocol = \"own-database\"";
        for (more, message) in [
            ("\npath = \"/x/{value}\"", "own-database has no path"),
            ("\ncircl_headers = true", "own-database has no circl_headers"),
            (
                "\n[[parameters]]\nkey = \"host\"\nlabel = \"Host\"\ntype = \"text\"",
                "own-database has no setting \"host\"",
            ),
            (
                "\n[[parameters]]\nkey = \"password\"\nlabel = \"P\"\ntype = \"secret\"",
                "own-database has no setting \"password\"",
            ),
        ] {
            let source = bundled.source.replacen(protocol, &format!("{protocol}{more}"), 1);
            let shown = read("test.toml", &source).unwrap_err().to_string();
            assert!(shown.contains(message) && shown.contains('^'), "{shown}");
        }
        for (from, to, message) in [
            ("key = \"port\"", "key = \"related\"", "cof has no setting \"related\""),
            ("path = \"/pdns/query/{value}\"\n", "", "cof needs a path"),
        ] {
            let shown = broken(from, to);
            assert!(shown.contains(message) && shown.contains('^'), "{shown}");
        }
    }

    #[test]
    fn a_platform_has_an_address_and_a_login_and_neither_actions_nor_a_provider() {
        let bundled = crate::package::find("misp").unwrap();
        assert_eq!((bundled.platform(), bundled.operation()), (Some(Platform::Misp), None));
        assert!(bundled.actions().is_empty() && bundled.types().is_empty() && !bundled.is_local());
        let table = "[platform]\nprotocol = \"misp\"";
        for (from, to, message) in [
            (table, "", "a package of the kind \"platform\" needs [platform]"),
            (
                "\"misp\"\n\n",
                "\"gopher\"\n\n",
                "unknown protocol of a platform; there is \"misp\", \"threatq\"",
            ),
            (table, &format!("{table}\n[mapping]"), "has no [mapping]"),
            (table, &format!("{table}\n[[actions]]\nname = \"x\"\ntypes = []"), "has no [[actions]]"),
            (table, &format!("{table}\n[provider]\nprotocol = \"own-database\""), "has no [provider]"),
            ("\"platform\"", "\"operation\"", "a package of the kind \"operation\" has no [platform]"),
            ("key = \"port\"", "key = \"rrtype\"", "misp has no setting \"rrtype\""),
        ] {
            assert!(bundled.source.contains(from), "{from}");
            let shown = read("test.toml", &bundled.source.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(shown.contains(message) && shown.contains('^'), "{to}: {shown}");
        }
        let needs = broken("[provider]\nprotocol = \"cof-http\"\npath = \"/pdns/query/{value}\"\n", "");
        assert!(needs.contains("a package of the kind \"operation\" needs [provider]"), "{needs}");
    }

    #[test]
    fn rubbish_is_an_error_not_a_panic() {
        for rubbish in ["", "=", "[[[", "format = 1", "\u{0}", "format = \"x\"", "é = 1"] {
            assert!(read("test.toml", rubbish).is_err(), "{rubbish}");
        }
        assert!(read("test.toml", &" ".repeat(300_000)).unwrap_err().message().contains("larger than"));
    }

    #[test]
    fn a_proxys_login_needs_its_proxy_and_no_package_takes_a_login_in_the_address() {
        let bundled = crate::package::newest().unwrap().source;
        let without = |key: &str| {
            let at = bundled.find(&format!("[[parameters]]\nkey = \"{key}\"")).unwrap();
            let end = at + 1 + bundled[at + 1..].find("[[").unwrap();
            read("x.toml", &format!("{}{}", &bundled[..at], &bundled[end..]))
        };
        for (gone, part) in [
            ("proxy", "\"proxy_user\" also needs a parameter \"proxy\""),
            ("proxy_user", "\"proxy_password\" also needs"),
        ] {
            let said = without(gone).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
        assert!(without("proxy_password").is_ok());
        let unchecked =
            bundled.replace("validate = \"proxy\"\n", "").replace("validate = \"proxy_user\"\n", "");
        let package = read("x.toml", &unchecked).unwrap();
        let mut settings = crate::Settings::default();
        for (key, value) in [("proxy", "http://u:hunter2@p:1"), ("proxy_user", "u:hunter2")] {
            let said = settings.set(&package, key, value).unwrap_err().to_string();
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
