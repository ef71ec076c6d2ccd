//! Ids that only depend on what they stand for: UUIDs of version 5.
//!
//! Observables of STIX have the namespace that the standard gives them, so every producer has the same id for the same value; it
//! must not be used for anything else. Everything else has a namespace of our own ([`OURS`]), which must never change: an id that
//! changes doubles what platforms already have.

use uuid::Uuid;

/// The namespace of observables in STIX 2.1 (section 2.9 of the standard).
const OBSERVABLES: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);
/// The namespace of everything else.
const OURS: Uuid = Uuid::from_u128(0x5d0f_6a3c_9be1_4d27_8f43_c1a7_e2b9_6054);

/// The id of an observable of STIX whose value identifies it.
pub(crate) fn observable(kind: &str, value: &str) -> String {
    // Canonical JSON, as the standard wants it: values are printable ASCII.
    let name = serde_json::json!({ "value": value }).to_string();
    format!("{kind}--{}", Uuid::new_v5(&OBSERVABLES, name.as_bytes()))
}

/// The id of another object of STIX.
pub(crate) fn object(kind: &str, parts: &[&str]) -> String {
    format!("{kind}--{}", of(kind, parts))
}

/// The UUID of a thing of this kind that these texts identify.
pub(crate) fn of(kind: &str, parts: &[&str]) -> Uuid {
    // A list in JSON, so that no two lists of texts are one name.
    let name = serde_json::json!([kind, parts]).to_string();
    Uuid::new_v5(&OURS, name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observables_have_the_ids_of_every_producer() {
        for (kind, value, id) in [
            ("domain-name", "example.com", "bedb4899-d24b-5401-bc86-8f6b4cc18ec7"),
            ("ipv4-addr", "192.0.2.1", "8dded90c-40c0-545a-8027-5b212bb37e8e"),
            ("ipv6-addr", "2001:db8::1", "6469e3a9-b053-5e34-a025-9396ae051d26"),
            ("email-addr", "hostmaster@example.com", "e937172e-79fe-5ff9-bf1d-b2a57ad138d2"),
        ] {
            assert_eq!(observable(kind, value), format!("{kind}--{id}"));
        }
    }

    #[test]
    fn parts_are_not_run_together() {
        assert_ne!(of("x", &["ab", "c"]), of("x", &["a", "bc"]));
        assert_ne!(of("x", &["a"]), of("y", &["a"]));
        assert_eq!(of("x", &["a"]), of("x", &["a"]));
        assert_eq!(of("x", &["a"]).get_version_num(), 5);
    }

    #[test]
    fn the_namespace_stays_as_it_is() {
        assert_eq!(object("identity", &["Backsight"]), "identity--31ac65d2-de7c-5c00-88bc-547aa7eee493");
    }
}
