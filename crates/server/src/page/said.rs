//! What was just done, said once on the page that comes after it. Addresses carry a word, never the text, so that nobody can
//! make our pages say something else.

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// In a sentence.
    pub(crate) text: &'static str,
}

const ALL: [(&str, &str); 29] = [
    ("added", "Added. What the library had already kept its status."),
    ("cancelled", "Cancelled. What had arrived is kept."),
    ("configured", "Saved. The next run uses it; test the connection to see whether it works."),
    ("disabled", "Disabled. Its actions are offered no more."),
    ("ended", "Your session has ended. Sign in to go on."),
    ("enabled", "Enabled. Analysts can run it."),
    ("installed", "Installed. It stays disabled until it is configured and enabled."),
    ("noted", "Note added."),
    ("nothing", "Nothing changed."),
    ("password", "Your password is changed. Your other sessions have ended."),
    (
        "recounted",
        "Nothing was added: the library has changed since this was counted. The new count is below.",
    ),
    ("removed", "Removed. It can be restored with all it had."),
    (
        "removed-ticked",
        "Removed. \"Removed\" among the filters shows them, and restores them with all they had.",
    ),
    ("replaced", "Replaced. The former version is gone."),
    ("restored", "Restored with all it had."),
    ("role", "The role is changed, from the next request on."),
    ("run-added", "Added to the library as Indirect. Undo takes back exactly this."),
    ("run-known", "Nothing of it was new; this run now says so too."),
    ("same", "The same file is installed already. Nothing changed."),
    ("session", "The session has ended."),
    ("status", "The status is changed."),
    ("statuses", "The statuses are changed."),
    ("switched-off", "Replaced, and disabled: a required value is missing."),
    ("token-revoked", "The token is revoked: it works no more."),
    ("undone", "Undone. What others say or have worked with stays."),
    ("uninstalled", "Uninstalled, with what was set for it."),
    ("user-disabled", "Disabled. The user cannot sign in, and the sessions have ended."),
    ("user-enabled", "Enabled. The user can sign in again."),
    ("welcome", "The account is made. Sign in with it."),
];

/// What a word says; nothing for a word that is none.
pub(super) fn of(word: &str) -> Option<Said> {
    ALL.iter().find(|(known, _)| *known == word).map(|(_, text)| Said { text })
}
