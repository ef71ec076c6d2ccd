//! The message about a completed change, shown once on the next page. The address contains a key and never the text, so that
//! nobody can make our pages show another text.

/// A message about a completed change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// The whole message.
    pub(crate) text: &'static str,
}

const ALL: [(&str, &str); 54] = [
    ("added", "Added. Indicators already in the library kept their status."),
    ("asking", "Started. It goes on in the background, even if you leave this page."),
    ("cancelled", "Cancelled. The records received so far are kept."),
    ("configured", "Saved for the next run. Test the connection to check that it works."),
    ("created", "Investigation created. Its members are in the Threat Library."),
    ("disabled", "Disabled. Its actions are no longer available."),
    ("edited", "Saved."),
    ("enabled", "Enabled. Analysts can run it."),
    ("ended", "Your session has ended. Sign in to continue."),
    ("executing", "Started. It is sent exactly once, and goes on even if you leave this page."),
    ("installed", "Installed. It stays disabled until it is configured and enabled."),
    (
        "investigation-removed",
        "Investigation removed. Its members are still in the Threat Library, and it can be restored.",
    ),
    ("joined", "Members added. They are not queried yet."),
    ("judged", "Verdicts changed."),
    ("left", "Members removed from the investigation. They are still in the Threat Library."),
    ("list-disabled", "List disabled. It is kept, and never hits."),
    ("list-enabled", "List enabled."),
    ("list-removed", "List removed. It can be restored until another one is removed."),
    ("list-restored", "List restored."),
    ("noted", "Note added."),
    ("nothing", "Nothing changed."),
    ("password", "Password changed. Your other sessions have ended."),
    ("paused", "Paused. Queries in progress are finished, and nothing more is sent until you resume."),
    ("pull-cancelled", "It ends after this page. What was read until then stays in the library."),
    ("pulling", "Started. It goes on in the background, even if you leave this page."),
    ("push-cancelled", "Cancelled. What was sent stays on the platform."),
    ("push-paused", "Paused. What is under way is finished, and nothing more is sent until you resume."),
    ("push-resumed", "Resumed. What is missing is sent."),
    ("pushing", "Started. It goes on in the background, even if you leave this page."),
    ("recounted", "Nothing was added: the library has changed since the preview. The new preview is below."),
    ("removal-undone", "Undone. What was removed is back as it was."),
    ("removed", "Removed. Restoring it brings everything back."),
    ("replaced", "Replaced. The previous version was removed."),
    ("restored", "Restored with all its data."),
    ("resumed", "Resumed. Queries that failed are sent again."),
    ("role", "Role changed. It applies from the next request."),
    ("run-added", "Added to the library. New indicators have the status Indirect."),
    ("run-known", "Nothing new: the library already had all of it. This run is now one of its sources."),
    ("same", "The same file is installed already. Nothing changed."),
    ("search-deleted", "Saved search deleted."),
    ("search-saved", "Search saved."),
    ("session", "Session ended."),
    ("status", "Status changed."),
    ("statuses", "Statuses changed."),
    ("switched-off", "Replaced, and disabled: a required value is missing."),
    ("tags", "Tags changed."),
    ("tlp", "TLP changed."),
    ("tlps", "TLP of the selected indicators changed."),
    ("token-revoked", "Token revoked."),
    ("undone", "Undone. Anything that other sources reported or users edited stays."),
    ("uninstalled", "Uninstalled, with its configuration."),
    ("user-disabled", "User disabled. All sessions of this user have ended."),
    ("user-enabled", "User enabled. The user can sign in again."),
    ("welcome", "Account created. Sign in to continue."),
];

/// The message for a key; `None` for an unknown key.
pub(super) fn of(word: &str) -> Option<Said> {
    ALL.iter().find(|(known, _)| *known == word).map(|(_, text)| Said { text })
}
