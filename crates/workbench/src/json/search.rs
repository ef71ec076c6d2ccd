//! Saved searches.

use serde::Serialize;
use utoipa::ToSchema;

use super::at;
use crate::search;

/// Filters of the library that a user keeps under a name.
#[derive(Serialize, ToSchema)]
pub struct SavedSearch {
    /// When it was saved.
    #[schema(format = DateTime)]
    created_at: String,
    /// Its number.
    id: i64,
    /// Its name.
    name: String,
    /// The filters, as a query string.
    query: String,
}

/// The saved searches of a user.
#[derive(Serialize, ToSchema)]
pub struct SavedSearches {
    /// The searches by name.
    searches: Vec<SavedSearch>,
}

/// One search.
pub fn saved(search: &search::SavedSearch) -> SavedSearch {
    let search::SavedSearch { id, name, query, created_at } = search.clone();
    SavedSearch { created_at: at(created_at), id, name, query }
}

/// All searches of a user.
pub fn all(searches: &[search::SavedSearch]) -> SavedSearches {
    SavedSearches { searches: searches.iter().map(saved).collect() }
}
