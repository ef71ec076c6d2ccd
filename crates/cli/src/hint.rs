//! The wording of hints for the command line, with options and subcommands.

use std::borrow::Cow;

use workbench::Hint;

/// What to do, for a user of the command line.
pub(crate) fn words(hint: &Hint) -> Cow<'static, str> {
    Cow::Borrowed(match hint {
        Hint::AskForFewer => {
            "narrow the query with --rrtype; --max-records raises the limit on records, and --format cof has no limit"
        }
        Hint::ChangeMarking => {
            "change the marking with `backsight indicator set VALUE --tlp`, or raise the maximum with `backsight integration configure NAME --max-tlp`"
        }
        Hint::CheckFolder => {
            "check the folder's owner and permissions, or use another folder with --data-dir"
        }
        Hint::MakeRoom => "free space on the disk, or use another folder with --data-dir",
        Hint::ProtectKey => {
            "run `chmod 600` on it, then `backsight key rotate`; change the secrets if somebody else may have read it"
        }
        Hint::RaiseLimit => "omit --limit to get all records",
        Hint::RestoreKey => {
            "put the right secret.key back; if it is lost, delete the secrets with `backsight integration configure NAME --reset KEY` and enter them again"
        }
        Hint::RunFresh => "query again with --fresh",
        Hint::SendIt => "omit --offline to query the service",
        Hint::FindProcess
        | Hint::Report
        | Hint::RestoreBackup
        | Hint::RunAgain
        | Hint::UseNewer
        | Hint::Words(_) => return Cow::Owned(hint.to_string()),
    })
}
