use tokio::io::AsyncReadExt;

use super::*;

async fn ask(threatq: &ScriptedThreatq, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(threatq.address()).await.unwrap();
    let text = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = vec![0; 65_536];
    let mut filled = 0;
    loop {
        match stream.read(&mut answer[filled..]).await.unwrap() {
            0 => break,
            len => filled += len,
        }
        let text = String::from_utf8_lossy(&answer[..filled]).into_owned();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let end = text.find("\r\n\r\n").map(|at| at + 4);
        if let (Some(length), Some(end)) = (length, end)
            && filled >= end + length.parse::<usize>().unwrap()
        {
            break;
        }
    }
    String::from_utf8_lossy(&answer[..filled]).into_owned()
}

async fn token(threatq: &ScriptedThreatq) -> String {
    let body = format!(
        r#"{{"email":"{EMAIL}","password":"{PASSWORD}","grant_type":"password","client_id":"{PUBLIC_ID}"}}"#
    );
    let answer = ask(threatq, "POST /api/token HTTP/1.1", &body).await;
    answer.split("\"access_token\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn it_tells_nothing_without_a_token_and_wants_a_capital_letter() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    let get = "GET /api/indicator/types HTTP/1.1";
    assert!(ask(&threatq, get, "").await.starts_with("HTTP/1.1 401"));
    let token = token(&threatq).await;
    let small = ask(&threatq, &format!("{get}\r\nauthorization: bearer {token}"), "").await;
    assert!(small.starts_with("HTTP/1.1 401"), "{small}");
    let right = ask(&threatq, &format!("{get}\r\nauthorization: Bearer {token}"), "").await;
    assert!(right.contains("\"FQDN\""), "{right}");
    threatq.expire_tokens();
    let expired = ask(&threatq, &format!("{get}\r\nauthorization: Bearer {token}"), "").await;
    assert!(expired.starts_with("HTTP/1.1 401"));
    assert!(ask(&threatq, "POST /api/token HTTP/1.1", "{}").await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn a_protected_status_stays_and_only_real_changes_count() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    let id = threatq.put("a.example", "FQDN", "Whitelisted");
    let token = token(&threatq).await;
    let head = format!("POST /api/indicators/consume HTTP/1.1\r\nauthorization: Bearer {token}");
    let body = r#"[{"value":"A.example","type":{"name":"FQDN"},"status":{"name":"Active"},"sources":[{"name":"s","tlp_id":2}]}]"#;
    for _ in 0..2 {
        let answer = ask(&threatq, &head, body).await;
        assert!(answer.contains(&format!("\"id\":{id}")), "{answer}");
    }
    let object = threatq.object("a.example").unwrap();
    assert_eq!((object.status.as_str(), object.sources["s"], threatq.changes()), ("Whitelisted", Some(2), 1));
    threatq.fail("/consume", Fault::Busy(7));
    assert!(ask(&threatq, &head, body).await.contains("retry-after: 7"));
    assert_eq!(threatq.faults_left(), 0);
}
