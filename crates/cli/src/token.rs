//! `backsight token`: manages the tokens of the passive-DNS interfaces.

use cof::time::Clock;
use workbench::Workbench;
use workbench::json::token as json;
use workbench::token::{Token, Wanted, spelling};

use crate::args::token::{CreateArgs, ListArgs, RevokeArgs, TokenArgs, TokenCommand};
use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::output::{self, table};
use crate::{kept, terminal};

/// Seconds of a day.
const DAY: i64 = 24 * 3600;

pub(crate) fn run(command: &TokenArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    match &command.command {
        TokenCommand::Create(command) => create(command, &mut kept::open(arguments)?),
        TokenCommand::List(command) => list(command, &kept::open(arguments)?),
        TokenCommand::Revoke(command) => revoke(command, &mut kept::open(arguments)?),
    }
}

fn create(command: &CreateArgs, workbench: &mut Workbench) -> Result<Exit, Failure> {
    let clock = Clock::system();
    let wanted = Wanted {
        name: command.name.clone(),
        reads: command.read || !command.write,
        writes: command.write,
        rate: command.rate.as_deref().map(rate).transpose()?,
        daily: command.daily,
        expires_at: command.expires.as_deref().map(|text| expiry(text, &clock)).transpose()?,
        sensor: command.sensor.clone(),
    };
    let (token, secret) = workbench.create_token(&wanted)?;
    match command.format {
        View::Json => output::print_json(&json::made(&token, &secret, now(&clock)))?,
        // Only the token is printed to standard output, so that a script can store it.
        View::Table => {
            terminal::say(&format!("{}; it is shown only once:", described(&token)));
            output::print(&format!("{}\n", secret.reveal()))?;
        }
    }
    Ok(Exit::Done)
}

fn list(command: &ListArgs, workbench: &Workbench) -> Result<Exit, Failure> {
    let mut tokens = workbench.tokens()?;
    if !command.all {
        tokens.retain(|token| token.revoked_at.is_none());
    }
    match command.format {
        View::Json => output::print_json(&json::list(&tokens, now(workbench.clock())))?,
        View::Table => output::print(&as_table(&tokens, workbench)?)?,
    }
    Ok(Exit::Done)
}

fn revoke(command: &RevokeArgs, workbench: &mut Workbench) -> Result<Exit, Failure> {
    let token = workbench.revoke_token(&command.name)?;
    match command.format {
        View::Json => output::print_json(&json::one(&token, now(workbench.clock())))?,
        View::Table => output::print(&format!("Token {} revoked.\n", token.wanted.name))?,
    }
    Ok(Exit::Done)
}

fn as_table(tokens: &[Token], workbench: &Workbench) -> Result<String, Failure> {
    if tokens.is_empty() {
        return Ok("No tokens.\n".to_owned());
    }
    let now = now(workbench.clock());
    let mut table = table::new_table(terminal::width());
    table.set_header([
        "Name",
        "May",
        "Per second",
        "Per day",
        "Used today",
        "Sensor",
        "Expires (UTC)",
        "State",
    ]);
    for token in tokens {
        let usage = workbench.usage(token.id)?;
        let used = if usage.day == now / DAY { usage.used } else { 0 };
        let wanted = &token.wanted;
        let limit =
            |limit: Option<u64>| limit.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string());
        table.add_row([
            terminal::printable(&wanted.name),
            may(wanted).to_owned(),
            limit(wanted.rate.map(u64::from)),
            limit(wanted.daily),
            used.to_string(),
            wanted.sensor.clone().unwrap_or_default(),
            wanted.expires_at.map_or_else(|| "never".to_owned(), kept::readable),
            token.state(now).name().to_owned(),
        ]);
    }
    Ok(format!("{table}\n"))
}

fn may(wanted: &Wanted) -> &'static str {
    match (wanted.reads, wanted.writes) {
        (true, true) => "read, write",
        (_, true) => "write",
        _ => "read",
    }
}

fn described(token: &Token) -> String {
    let wanted = &token.wanted;
    let mut text = format!("token {} may {}", wanted.name, may(wanted).replace(", ", " and "));
    let limits = [
        wanted.rate.map(|rate| format!("{rate} requests per second")),
        wanted.daily.map(|daily| format!("{daily} per day")),
        wanted.expires_at.map(|at| format!("until {}", kept::readable(at))),
    ];
    limits.into_iter().flatten().for_each(|limit| text.extend([", ", &limit]));
    text
}

fn now(clock: &Clock) -> i64 {
    i64::try_from(clock.seconds()).unwrap_or(i64::MAX)
}

fn rate(text: &str) -> Result<u32, Failure> {
    spelling::rate(text).ok_or_else(|| {
        Failure::Usage(format!("--rate {text:?} is not a rate"))
            .hint("write 10/s for ten requests per second")
    })
}

fn expiry(text: &str, clock: &Clock) -> Result<i64, Failure> {
    spelling::expiry(text, clock).ok_or_else(|| {
        Failure::Usage(format!("--expires {text:?} is not a time"))
            .hint("write 2027-06-09, 2027-06-09T08:07:17Z, or 90d for ninety days from now")
    })
}
