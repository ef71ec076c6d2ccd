//! The permissions of users: a [`Role`] has [`Permission`]s.

use crate::Error;

/// The role of a user, from the most to the fewest permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Has all permissions.
    Administrator,
    /// Manages integrations, and works with them.
    Maintainer,
    /// Runs operations and works in the threat library.
    Analyst,
    /// Has read access only.
    Reader,
}

/// A permission that not every role has. Reading needs none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Install, upgrade, enable, disable and remove integrations.
    InstallIntegrations,
    /// Set values and secrets of integrations.
    ConfigureIntegrations,
    /// Run the actions of operations.
    RunOperations,
    /// Add to the threat library, and change what is there.
    EditLibrary,
    /// Load files of records into the passive-DNS database.
    LoadRecords,
    /// Make and revoke tokens for the passive-DNS interfaces.
    ManageTokens,
    /// Invite, disable and enable users, set their roles, end their sessions.
    ManageUsers,
}

impl Role {
    /// All roles, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Administrator, Self::Maintainer, Self::Analyst, Self::Reader];

    /// The name that is shown and stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::Maintainer => "Maintainer",
            Self::Analyst => "Analyst",
            Self::Reader => "Reader",
        }
    }

    /// The role with that name, ignoring case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name().eq_ignore_ascii_case(name))
    }

    /// Whether it has a permission.
    pub fn may(self, permission: Permission) -> bool {
        match self {
            Self::Administrator => true,
            Self::Maintainer => !matches!(permission, Permission::ManageTokens | Permission::ManageUsers),
            Self::Analyst => matches!(permission, Permission::RunOperations | Permission::EditLibrary),
            Self::Reader => false,
        }
    }

    /// Refuses a role without the permission.
    ///
    /// # Errors
    /// [`Error::Refused`] names the permission.
    pub fn require(self, permission: Permission) -> Result<(), Error> {
        if self.may(permission) {
            return Ok(());
        }
        let (role, permission) = (self.name(), permission.name());
        Err(Error::forbidden(format!(
            "this needs the permission \"{permission}\", which the role {role} does not have"
        )))
    }
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::InstallIntegrations,
        Self::ConfigureIntegrations,
        Self::RunOperations,
        Self::EditLibrary,
        Self::LoadRecords,
        Self::ManageTokens,
        Self::ManageUsers,
    ];

    /// The name shown to users; the first three are ThreatQ's terms.
    pub fn name(self) -> &'static str {
        match self {
            Self::InstallIntegrations => "Install & Uninstall Integrations",
            Self::ConfigureIntegrations => "Edit Integration Configurations",
            Self::RunOperations => "Run Operations",
            Self::EditLibrary => "Edit Threat Library",
            Self::LoadRecords => "Load Records",
            Self::ManageTokens => "Manage Tokens",
            Self::ManageUsers => "Manage Users",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_it_is_here_for() {
        use Permission::*;
        let may = |role: Role| Permission::ALL.into_iter().filter(|one| role.may(*one)).collect::<Vec<_>>();
        assert_eq!(may(Role::Administrator), Permission::ALL);
        assert_eq!(
            may(Role::Maintainer),
            [InstallIntegrations, ConfigureIntegrations, RunOperations, EditLibrary, LoadRecords]
        );
        assert_eq!(may(Role::Analyst), [RunOperations, EditLibrary]);
        assert_eq!(may(Role::Reader), []);
    }

    #[test]
    fn a_refusal_names_the_permission_and_the_role() {
        for role in Role::ALL {
            for permission in Permission::ALL {
                let refused = role.require(permission).err().map(|error| error.to_string());
                assert_eq!(refused.is_none(), role.may(permission));
                let text = refused.unwrap_or_else(|| format!("{} {}", permission.name(), role.name()));
                assert!(text.contains(permission.name()) && text.contains(role.name()), "{text}");
            }
        }
    }

    #[test]
    fn roles_are_found_by_name() {
        for role in Role::ALL {
            assert_eq!(Role::named(&role.name().to_uppercase()), Some(role));
        }
        assert_eq!(Role::named("Root"), None);
    }
}
