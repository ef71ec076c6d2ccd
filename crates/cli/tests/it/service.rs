//! Run as a service: configured without flags.

use crate::harness::{Home, Serve};

#[test]
fn a_proxy_and_names_are_settings_too() {
    let home = Home::empty();
    let file =
        home.file("own.toml", "[serve]\nbehind_proxy = true\nhostname = \"pdns.example.org, p.example\"\n");
    let run = home.run(["serve", "--sample", "--listen", "0.0.0.0:0", "--config"]).args([&file]);
    let server = Serve::of(run.env("BACKSIGHT_SECRET_TOKEN", "tr0ub4dor"));
    let local = ([127, 0, 0, 1], server.address.port()).into();
    for (host, status) in [("pdns.example.org", 200), ("p.example", 200), ("other.example", 421)] {
        let mut stream = std::net::TcpStream::connect::<std::net::SocketAddr>(local).unwrap();
        let head = format!("GET /signin HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
        let answer = std::io::read_to_string(stream).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {answer}");
    }
    let run = home.run(["serve", "--anonymous", "--config"]).args([&file]);
    run.done().says(2, &["--anonymous and serve.behind_proxy exclude each other", "hint: "]);
}
