//! What collectors say on standard error: [`tell`].

use intake::batches::Fault;
use intake::collector::{Collector, Event, Source};
use intake::follow;
use intake::live::{self, Greeting};

use crate::route;
use crate::terminal::{self, plural};

/// Says what happens to a collector, with its name if it is one of a server.
pub(crate) fn tell(collector: &Collector, event: &Event, with_name: bool) {
    let Some((is_trouble, text)) = words(collector, event) else { return };
    let begins =
        matches!(event, Event::Listening(_) | Event::File(follow::Event::Missing | follow::Event::Opened(_)));
    let text = match with_name {
        true => format!("collector {}: {text}", collector.name),
        false if begins => format!("{text} (Ctrl-C to stop)"),
        false => text,
    };
    if is_trouble { terminal::complain(&text) } else { terminal::say(&text) }
}

/// Whether it is trouble, and what it is.
fn words(collector: &Collector, event: &Event) -> Option<(bool, String)> {
    Some(match event {
        Event::Listening(place) => (false, format!("collecting dnstap on {place}")),
        Event::Sender(event) => return of_sender(event),
        Event::File(event) => of_file(collector, event),
        Event::Stalled(error) => (true, format!("{error}; the source waits until there is room")),
        Event::Resumed => (false, "the database has room again".to_owned()),
        Event::Forward(event) => return Some(route::words(event, collector.route.as_ref()?)),
        Event::Failed(why, 0) => (true, why.to_string()),
        Event::Failed(why, seconds) => (true, format!("{why}; next attempt in {seconds} s")),
    })
}

fn of_sender(event: &live::Event) -> Option<(bool, String)> {
    Some(match event {
        live::Event::Began(senders) => (false, format!("{} connected", plural(*senders as u64, "sender"))),
        live::Event::Ended(_, Some(Fault::Read(error))) => {
            (true, format!("a connection ended early: {error}"))
        }
        live::Event::Ended(tally, _) => {
            let (messages, records) = (plural(tally.units, "message"), plural(tally.records, "record"));
            (false, format!("a sender is done: {messages}, {records}"))
        }
        live::Event::Refused(Greeting::Stopped | Greeting::Welcome) => return None,
        live::Event::Refused(Greeting::OtherContent) => {
            (true, "a sender offers other content than dnstap, and was refused".to_owned())
        }
        live::Event::Refused(Greeting::Silent) => {
            (true, "a sender was silent for 10 s, and was refused".to_owned())
        }
        live::Event::Refused(Greeting::NoFrameStream) => {
            (true, "a sender does not speak Frame Streams, and was refused".to_owned())
        }
        live::Event::Turned => {
            (true, format!("a sender was refused: there are {} already", live::MOST_SENDERS))
        }
    })
}

fn of_file(collector: &Collector, event: &follow::Event) -> (bool, String) {
    let Source::File(path, _) = &collector.source else { return (false, String::new()) };
    let path = path.display();
    match event {
        follow::Event::Missing => (false, format!("{path} does not exist yet; waiting for it")),
        follow::Event::Opened(0) => (false, format!("following {path} from its beginning")),
        follow::Event::Opened(from) => {
            (false, format!("following {path}; its first {from} bytes were read before"))
        }
        follow::Event::CatchingUp(rotated, 0) => {
            (false, format!("reading {}, which was rotated", rotated.display()))
        }
        follow::Event::CatchingUp(rotated, from) => {
            (false, format!("reading {}, which was rotated, from byte {from}", rotated.display()))
        }
        follow::Event::Rotated => (false, format!("{path} was rotated, and is read to its end")),
        follow::Event::Truncated(at) => (
            true,
            format!("{path} was truncated after {at} bytes of it were read; it is read from its beginning"),
        ),
        follow::Event::Rewritten => (true, format!("{path} was rewritten; it is read from its beginning")),
        follow::Event::LeftAlone(count) => {
            let files = plural(*count as u64, "rotated file");
            (
                false,
                format!("not reading {files} next to {path} from before; use `backsight import` for that"),
            )
        }
        follow::Event::Unreadable(rotated, why) => {
            (true, format!("{}: {why}; the rest of this file is not read", rotated.display()))
        }
    }
}
