//! Passwords: which ones are accepted, and how they are stored: as Argon2id PHC strings, each with a random salt.
//!
//! Both [`hash`] and [`verify`] deliberately take 19 MiB and tens of milliseconds: never call them within a change.

use argon2::password_hash::Error as HashError;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use super::fold;
use crate::{Error, secret};

/// The shortest password, in characters: three or four words, which cannot be guessed by signing in.
pub(super) const SHORTEST: usize = 12;
/// The longest password, in characters: any sentence fits, and the input of strangers is bounded.
pub(super) const LONGEST: usize = 1024;

/// The parameters that OWASP recommends for Argon2id: memory in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// The length of a salt in bytes, as RFC 9106 recommends.
const SALT: usize = 16;
/// The hash that passwords of unknown users are compared with: it has the same cost, and no password is known to match.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Refuses a password that is too short, too long, or the user's name.
pub(super) fn check(password: &str, name: &str) -> Result<(), Error> {
    let length = password.chars().take(LONGEST + 1).count();
    let why = if length < SHORTEST {
        format!("the password has fewer than {SHORTEST} characters")
    } else if length > LONGEST {
        format!("the password has more than {LONGEST} characters")
    } else if fold(password) == fold(name) {
        "the password is the user name".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::invalid(why))
}

/// Hashes a password for storage.
pub(super) fn hash(password: &str) -> Result<String, Error> {
    let mut salt = [0; SALT];
    secret::random(&mut salt)?;
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| Error::Bug(error.to_string()))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| bug(&error))
}

/// Whether a password matches the stored hash. Without a stored hash it takes the same time to return false.
pub(super) fn verify(password: &str, kept: Option<&str>) -> Result<bool, Error> {
    // A text that is longer than any password costs no more than a wrong one.
    let password = if password.len() > 4 * LONGEST { "" } else { password };
    let hash = kept.unwrap_or(NOBODY);
    match Argon2::default().verify_password(password.as_bytes(), hash) {
        Ok(()) => Ok(kept.is_some()),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(error) => Err(bug(&error)),
    }
}

fn bug(error: &HashError) -> Error {
    Error::Bug(format!("hashing a password: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_alone_and_nobody_has_one() {
        let hash = hash("correct horse battery").unwrap();
        let costs = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(costs(&hash), ["", "argon2id", "v=19", "m=19456,t=2,p=1"]);
        assert_eq!(costs(&hash), costs(NOBODY), "nobody's costs differ");
        assert_eq!(hash.len(), NOBODY.len());
        assert!(verify("correct horse battery", Some(&hash)).unwrap());
        assert!(!verify("correct horse batterz", Some(&hash)).unwrap());
        assert!(!verify("correct horse battery", None).unwrap());
        assert!(!verify(&"x".repeat(5 * LONGEST), Some(&hash)).unwrap());
        assert!(matches!(verify("x", Some("no hash")), Err(Error::Bug(_))));
    }

    #[test]
    fn passwords_have_bounds_in_characters() {
        let refused = |password: &str| check(password, "Administrator").err().map(|error| error.to_string());
        assert_eq!(refused(&"ä".repeat(SHORTEST)), None);
        assert_eq!(refused(&"ä".repeat(LONGEST)), None);
        assert_eq!(refused(&"ä".repeat(SHORTEST - 1)).unwrap(), "the password has fewer than 12 characters");
        assert_eq!(refused(&"ä".repeat(LONGEST + 1)).unwrap(), "the password has more than 1024 characters");
        assert_eq!(refused("ADMINISTRATOR").unwrap(), "the password is the user name");
    }
}
