//! Checks with schemathesis that the server answers as described by the OpenAPI document: it generates requests that the
//! document allows and requests that it forbids, and checks each answer.
//!
//! The requests are the same in every run, and their number is limited.

use std::process::Command;

use server::{Limits, Service, Tokens};
use workbench::token::Wanted;
use workbench::user::Role;

use crate::browser::Place;
use crate::fixture::{memory, row};
use crate::tokens::{Office, reading};

/// No server errors, and no answer that the document does not describe, by its status, type or shape.
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Operations that can end the session of the other requests, by its number or with its user, which schemathesis learns from
/// answers.
const ENDS: [&str; 6] = [
    "session_sign_out",
    "users_change",
    "users_end_own_session",
    "users_end_session",
    "users_reset",
    "users_set_password",
];

/// The tested operations.
enum Operations {
    All,
    Only(&'static [&'static str]),
    Without(&'static [&'static str]),
}

/// Runs schemathesis with these headers.
async fn ask(place: &Place, headers: &[(&str, &str)], operations: Operations) {
    let python = std::env::var_os("BACKSIGHT_PEERS_PYTHON").expect(
        "the variable BACKSIGHT_PEERS_PYTHON is missing: run `cargo xtask test`, which installs what the tests need",
    );
    let mut command = Command::new(python);
    let document = format!("http://{}/api/v1/openapi.json", place.server.address);
    command.args(["-m", "schemathesis.cli", "run", &document, "--checks", CHECKS]);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("SCHEMATHESIS_HOOKS", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/ndjson.py"));
    command.args([
        "--max-examples",
        "8",
        "--phases",
        "examples,coverage,fuzzing",
        "--generation-deterministic",
    ]);
    command.args(["--no-shrink", "--no-color", "--warnings", "off"]);
    command.args(["--request-timeout", "30", "--suppress-health-check", "all"]);
    for (name, value) in headers {
        command.arg("-H").arg(format!("{name}: {value}"));
    }
    let (option, named) = match operations {
        Operations::All => ("", &[][..]),
        Operations::Only(named) => ("--include-operation-id", named),
        Operations::Without(named) => ("--exclude-operation-id", named),
    };
    for operation in named {
        command.args([option, operation]);
    }
    let folder = tempfile::tempdir().unwrap();
    command.current_dir(folder.path());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let generated = said.lines().any(|line| line.contains("generated") && !line.contains(" 0 generated"));
    assert!(generated, "nothing was asked: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_one_that_the_document_has() {
    let office = Office::new();
    let token = office.token(Wanted { writes: true, ..reading("all") }).await;
    let tokens = Tokens::open(office.desk.clone(), Limits::default().token_requests).await.unwrap();
    let service = Service::new(memory(&row("a.example", "A", "192.0.2.1", 1))).with_tokens(tokens);
    let place = Place::of(service, |site| site).await;
    let ann = place.browser(Role::Administrator).await;
    let signed_in =
        [("cookie", ann.cookie.as_str()), ("x-backsight-token", &ann.token), ("x-api-key", &token)];
    ask(&place, &signed_in, Operations::Without(&ENDS)).await;
    assert_eq!(ann.get("/api/v1/session").await.status, 200, "the session was used to the end");
    ask(&place, &signed_in, Operations::Only(&ENDS)).await;
    ask(&place, &[], Operations::All).await;
}
