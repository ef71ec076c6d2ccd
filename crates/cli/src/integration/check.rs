//! `backsight integration test`: sends one cheap query, and reports each step separately.

use cof::time::Clock;
use operation::Limits;
use operation::provider::{Checked, Standing, Step, check};
use platform::Recipient;
use workbench::integration::Configured;
use workbench::json::integration as json;
use workbench::run::{Asking, Said, Wish};

use crate::args::integration::NameArgs;
use crate::args::{Arguments, View};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::terminal::printable;
use crate::{database, kept, output, terminal};

pub(super) async fn run(command: &NameArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let configured = kept::open(arguments)?.settings(&command.name)?;
    let (checked, said) = match configured.package.platform() {
        Some(_) => (ask_platform(configured, arguments).await?, None),
        None => ask(configured, config, arguments).await?,
    };
    match command.format {
        View::Json => output::print_json(&json::checked(&command.name, &checked, said.as_ref()))?,
        View::Table => output::print(&as_text(&checked))?,
    }
    Ok(match checked.failure() {
        None => Exit::Done,
        Some(error) if error.is_refusal() => Exit::Refused,
        Some(_) => Exit::Failed,
    })
}

/// The result of each step, and what the provider said about the quota.
async fn ask(
    configured: Configured,
    config: &Config,
    arguments: &Arguments,
) -> Result<(Checked, Option<Said>), Failure> {
    let Configured { package, settings, .. } = configured;
    let folder = database::data_folder(arguments, config, Clock::system())?;
    let asking = Asking::new(package, &settings, Limits::CHECK, Wish::default(), folder, &kept::actor())?;
    for warning in asking.provider.warnings() {
        terminal::complain(&format!("warning: {warning}"));
    }
    let checked = check(&asking.provider).await.map_err(|error| Failure::work("testing", &error))?;
    let said = kept::open(arguments)?.note_quota(&asking.provider)?;
    Ok((checked, said))
}

/// The result of each step for a platform.
async fn ask_platform(configured: Configured, arguments: &Arguments) -> Result<Checked, Failure> {
    let Configured { package, settings, .. } = configured;
    let folder = kept::folder(arguments)?;
    let recipient = Recipient::new(&package, &settings, &folder, Clock::system())?;
    for warning in recipient.warnings() {
        terminal::complain(&format!("warning: {warning}"));
    }
    Ok(platform::check(&recipient).await)
}

fn as_text(checked: &Checked) -> String {
    let line = |(step, standing): &(Step, Standing)| {
        let word = match standing {
            Standing::Passed(_) => "ok",
            Standing::Failed(_) => "FAILED",
            Standing::NotNeeded(_) => "-",
            Standing::NotReached => "not reached",
            Standing::Unknown => "unknown",
        };
        let detail = standing.detail().map(|detail| format!("  {}", printable(&detail))).unwrap_or_default();
        let hint = if let Standing::Failed(error) = standing {
            format!("\n  hint: {}", error.hint())
        } else {
            String::new()
        };
        format!("{:<16} {word:<11}{detail}", step.title()).trim_end().to_owned() + &hint + "\n"
    };
    let quota = checked.quota.iter().map(|quota| format!("{:<16} {quota}\n", "Quota"));
    checked.steps.iter().map(line).chain(quota).collect()
}
