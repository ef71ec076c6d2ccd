//! The OpenAPI document of `/api/v1`, generated from the routes and served at `/api/v1/openapi.json`.
//!
//! `docs/openapi.json` is a copy; a test compares them.

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use edge::gate::Gate;
use edge::limits::Limits;
use pdns::passive;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::api;

/// The document as text; it does not change while the program runs.
static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text = serde_json::to_string_pretty(&described()).unwrap_or_default();
    text.push('\n');
    text
});

/// Sends the document; no credentials are needed.
pub async fn document() -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
    (headers, TEXT.as_str())
}

fn described() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Backsight")
        .version("v1")
        .description(Some(
            "Passive DNS for clients with a token, and the workbench for signed-in users. Errors are problem details \
             (RFC 9457). Times of records are seconds since the epoch; those of the workbench are RFC 3339.",
        ))
        .build();
    // A schema that is only used in a set of responses is not found automatically.
    let mut components = ComponentsBuilder::new().schema_from::<passive::Unfinished>().build();
    for (name, scheme) in schemes() {
        components.add_security_scheme(name, scheme);
    }
    let base = OpenApiBuilder::new().info(info).components(Some(components)).build();
    let workbench = OpenApiRouter::with_openapi(base).nest(api::ROOT, api::routes()).into_openapi();
    let mut document = workbench;
    document.merge(passive::routes(&Gate::new(&Limits::default())).into_openapi());
    document
}

fn schemes() -> [(&'static str, SecurityScheme); 5] {
    let http = |scheme| SecurityScheme::Http(HttpBuilder::new().scheme(scheme).build());
    [
        ("token", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key")))),
        ("bearer", http(HttpAuthScheme::Bearer)),
        ("basic", http(HttpAuthScheme::Basic)),
        ("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("backsight")))),
        ("form_token", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-backsight-token")))),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_document_is_the_one_in_docs() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        if std::fs::read_to_string(file).ok().as_ref() != Some(&*TEXT) {
            std::fs::write(format!("{file}.new"), TEXT.as_str()).unwrap();
            panic!(
                "docs/openapi.json is another: read the difference to docs/openapi.json.new, then put that in its place"
            );
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = serde_json::to_value(described()).unwrap();
        let references = TEXT.lines().filter_map(|line| line.trim().strip_prefix("\"$ref\": \"#"));
        let mut count = 0;
        for reference in references {
            let pointer = reference.trim_end_matches(',').trim_end_matches('"');
            assert!(document.pointer(pointer).is_some(), "{pointer}");
            count += 1;
        }
        assert!(count > 100);
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_and_a_summary() {
        let document = serde_json::to_value(described()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let paths = document["paths"].as_object().unwrap();
        let operations: Vec<_> = paths.values().flat_map(|path| path.as_object().unwrap().values()).collect();
        assert!(operations.iter().all(|operation| operation["summary"].is_string()));
        let mut names: Vec<_> =
            operations.iter().map(|operation| operation["operationId"].to_string()).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!((names.len(), all), (100, 100));
    }

    /// Whether a schema says nothing about the members of its object. Maps have `additionalProperties`.
    fn is_bare(schema: &Value, document: &Value) -> bool {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            return is_bare(document.pointer(pointer).unwrap(), document);
        }
        let says = ["properties", "oneOf", "allOf", "additionalProperties"];
        let object = schema["type"] == "object" || schema.get("type").is_none();
        object && says.iter().all(|word| schema.get(word).is_none())
    }

    /// The schemas in a `content`, each with its position.
    fn contents<'a>(place: &str, with_content: &'a Value) -> Vec<(String, &'a Value)> {
        let contents = with_content["content"].as_object().into_iter().flatten();
        contents.map(|(kind, content)| (format!("{place} {kind}"), &content["schema"])).collect()
    }

    #[test]
    fn every_body_and_answer_says_what_it_has() {
        let document = serde_json::to_value(described()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.values().flat_map(|path| path.as_object().unwrap().values());
        let mut schemas = Vec::new();
        for operation in operations {
            let name = operation["operationId"].as_str().unwrap();
            schemas.extend(contents(&format!("{name} takes"), &operation["requestBody"]));
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let answered = contents(&format!("{name} {status}"), answer);
                assert!(
                    !answered.is_empty() || !matches!(&**status, "200" | "201" | "202"),
                    "{name} {status}"
                );
                schemas.extend(answered);
            }
        }
        let bare = schemas.iter().filter(|(_, schema)| is_bare(schema, &document));
        assert_eq!(bare.map(|(place, _)| place).collect::<Vec<_>>(), Vec::<&String>::new());
        assert!(is_bare(&json!({ "type": "object" }), &document), "what is looked for is found");
        assert!(schemas.len() > 300, "{}", schemas.len());
    }
}
