//! What to do about an error or an incomplete answer.
//!
//! A [`Hint`] states what helps, not its wording for one interface: the command names its options, a page its buttons. Its
//! `Display` is worded for any interface and names neither; JSON and pages use it. The database stores a code for each of our
//! hints, and the text of hints from the provider client.

use std::fmt;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Request fewer records, or raise the limit on records.
    AskForFewer,
    /// Change the marking of the value, or the maximum of the operation.
    ChangeMarking,
    /// Check the owner and permissions of the data folder.
    CheckFolder,
    /// Find the process that uses the data folder.
    FindProcess,
    /// Free space on the disk.
    MakeRoom,
    /// Raise the limit on records that was set for the query.
    RaiseLimit,
    /// Report the problem to the developers.
    Report,
    /// Restore a file from a backup.
    RestoreBackup,
    /// Restore the right key file, or give up the secrets.
    RestoreKey,
    /// Run the query again.
    RunAgain,
    /// Run the query again at the provider, because the stored answer is lost.
    RunFresh,
    /// Allow a request to be sent.
    SendIt,
    /// Protect the key file, then replace key and secrets.
    ProtectKey,
    /// Use the newer version of the program.
    UseNewer,
    /// A text from the provider client.
    Words(String),
}

/// The first character of a code in the database; no text of ours begins with it.
const MARK: char = '@';

impl Hint {
    /// The hints that have a code in the database. A code never changes.
    const CODES: [(Self, &'static str); 13] = [
        (Self::AskForFewer, "fewer"),
        (Self::CheckFolder, "folder"),
        (Self::FindProcess, "process"),
        (Self::MakeRoom, "room"),
        (Self::ProtectKey, "protect-key"),
        (Self::RaiseLimit, "limit"),
        (Self::Report, "report"),
        (Self::RestoreBackup, "backup"),
        (Self::RestoreKey, "key"),
        (Self::RunAgain, "again"),
        (Self::RunFresh, "fresh"),
        (Self::SendIt, "send"),
        (Self::UseNewer, "newer"),
    ];

    /// The stored form.
    pub(crate) fn stored(&self) -> String {
        match Self::CODES.iter().find(|(hint, _)| hint == self) {
            Some((_, code)) => format!("{MARK}{code}"),
            None => self.to_string(),
        }
    }

    /// Reads what [`Self::stored`] returned.
    pub(crate) fn read(text: String) -> Self {
        let coded = text
            .strip_prefix(MARK)
            .and_then(|code| Self::CODES.into_iter().find(|(_, known)| *known == code));
        coded.map_or(Self::Words(text), |(hint, _)| hint)
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AskForFewer => "narrow the query by record type",
            Self::ChangeMarking => {
                "change the marking of the indicator, or the maximum TLP in the configuration of the operation"
            }
            Self::CheckFolder => "check the owner and permissions of the data folder",
            Self::FindProcess => "check which other backsight process is running",
            Self::MakeRoom => "free space on the disk that holds the data folder, then try again",
            Self::ProtectKey => {
                "make secret.key readable by its owner only, then replace the key; change the secrets if somebody else \
                 may have read it"
            }
            Self::RaiseLimit => "raise the limit to get all records",
            Self::Report => "please report it",
            Self::RestoreBackup => {
                "restore the data folder from a backup, or move it away to start with an empty one; nothing was changed"
            }
            Self::RestoreKey => "put the right secret.key back, or delete the stored secrets and enter them again",
            Self::RunAgain => "run it again",
            Self::RunFresh => "run it again to get a new answer",
            Self::SendIt => "allow a request to be sent",
            Self::UseNewer => "use the newer version of Backsight; nothing was changed",
            Self::Words(text) => text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hint_is_read_back_and_names_no_flag() {
        for (hint, _) in Hint::CODES {
            assert_eq!(Hint::read(hint.stored()), hint);
            assert!(!hint.to_string().contains("--"), "{hint}");
        }
        let words = Hint::Words("check the host".to_owned());
        assert_eq!(Hint::read(words.stored()), words);
        assert_eq!(Hint::read("@unknown".to_owned()), Hint::Words("@unknown".to_owned()));
    }
}
