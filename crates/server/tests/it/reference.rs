//! The page that describes the passive-DNS interfaces.

use server::Service;

use crate::browser::Place;
use crate::fixture::{Server, memory};

#[tokio::test]
async fn everybody_may_read_how_to_ask() {
    let server = Server::of(Service::new(memory("")).with_token("t0ken").unwrap()).await;
    let page = server.get("/docs/pdns").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    for words in ["/pdns/query/VALUE", "/dnsdb/v2", "x-dribble-cursor", "dnsdbq", "1,000,000", "20,000,000"] {
        assert!(page.body.contains(words), "{words}");
    }
    assert!(!page.body.contains("t0ken"));
    for path in ["/pdns/", "/dnsdb/"] {
        let moved = server.get(path).await;
        assert_eq!((moved.status, moved.header("location")), (308, Some("/docs/pdns")), "{path}");
    }
    // The files that the page loads are served even without a workbench.
    let (_, rest) = page.body.split_once("rel=\"stylesheet\" href=\"").unwrap();
    let style = server.get(rest.split('"').next().unwrap()).await;
    assert_eq!((style.status, style.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert!(server.get("/pdns/querx/a").await.problem(404).contains("/docs/pdns"));
}

#[tokio::test]
async fn it_is_there_beside_the_workbench_for_those_who_are_not_signed_in() {
    let place = Place::new().await;
    let page = place.stranger().get("/docs/pdns").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("/dnsdb/v2/lookup/rrset/name/www.example.com"), "{}", page.body);
    let list = place.stranger().get("/dnsdb/v2/ping").await;
    assert_eq!((list.status, list.body.as_str()), (200, "{\"ping\":\"ok\"}\n"));
}
