//! `backsight integration install`: shows what would change, asks for the two confirmations, and then makes the change.

use std::fmt::Write as _;

use workbench::integration::{Loss, LossReason, ParameterChange, Plan, Question, Relation, What};
use workbench::json::integration as json;

use super::source;
use super::table::releases;
use crate::args::integration::InstallArgs;
use crate::args::{Arguments, View};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::terminal::printable;
use crate::{confirm, kept, output, terminal};

pub(super) fn run(command: &InstallArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let package = source::find(&command.source, config)?;
    let mut workbench = kept::open(arguments)?;
    let plan = workbench.plan_install(package, command.overwrite)?;
    if !confirmed(&plan, command.yes)? {
        terminal::complain("nothing was changed");
        return Ok(Exit::Failed);
    }
    workbench.install(plan.clone().confirm())?;
    match command.format {
        View::Json => output::print_json(&json::plan(&plan))?,
        View::Table => output::print(&outcome(&plan))?,
    }
    Ok(Exit::Done)
}

/// Asks the necessary questions: that the integration exists, and that its configuration changes.
fn confirmed(plan: &Plan, yes: bool) -> Result<bool, Failure> {
    let questions = plan.questions();
    if questions.is_empty() {
        return Ok(true);
    }
    let verb = match plan.relation {
        Relation::Upgrade { .. } => "Upgrade it?",
        Relation::Downgrade { .. } => "Downgrade it?",
        Relation::Changed | Relation::New | Relation::Same => "Replace it?",
    };
    let notices = questions.into_iter().map(|question| match question {
        Question::Exists => (existing(plan), verb),
        Question::Parameters => (configuration(plan), "Continue?"),
    });
    if yes || !confirm::is_possible() {
        // All at once if it is not possible to ask.
        let all = notices.map(|(said, _)| said).collect::<Vec<_>>().join("\n");
        return confirm::ask(&all, "", yes);
    }
    for (said, question) in notices {
        if !confirm::ask(&said, question, false)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The first notice: the installed version, and the one that would replace it.
fn existing(plan: &Plan) -> String {
    let (name, version) = (&plan.package.name, &plan.package.version);
    let mut text = match &plan.relation {
        Relation::Upgrade { from } => {
            format!(
                "{name} is installed: version {}. This is version {version}, an upgrade.",
                printable(from)
            )
        }
        Relation::Downgrade { from } => {
            format!(
                "{name} is installed: version {}. This is version {version}, a DOWNGRADE.",
                printable(from)
            )
        }
        Relation::Changed => {
            format!("{name} {version} is installed. This file has the same version but different content.")
        }
        Relation::New | Relation::Same => format!("{name} {version} is installed. This is the same file."),
    };
    let changes = plan.changes();
    if !changes.is_empty() {
        let _ = write!(text, "\nWhat changed since then:\n{}", releases(changes).trim_end());
    }
    if let Some(broken) = &plan.broken {
        let _ = write!(text, "\nThis version of Backsight cannot read the installed package: {broken}");
    }
    text
}

/// The second notice: the changes of the configuration, and what would be lost.
fn configuration(plan: &Plan) -> String {
    let mut text = String::new();
    if !plan.parameters.is_empty() {
        text.push_str("The parameters change:\n");
        for change in &plan.parameters {
            let _ = writeln!(text, "  {}", parameter(change));
        }
    }
    if !plan.lost.is_empty() {
        text.push_str("These values are LOST:\n");
        for loss in &plan.lost {
            let _ = writeln!(text, "  {}", lost(loss));
        }
    }
    if !plan.kept.is_empty() {
        let _ = writeln!(
            text,
            "Kept: {}",
            plan.kept.iter().map(|key| printable(key)).collect::<Vec<_>>().join(", ")
        );
    }
    if plan.disables() {
        let missing = plan.missing.iter().map(|one| printable(one)).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "It is DISABLED until these are set: {missing}");
    }
    text.trim_end().to_owned()
}

fn parameter(change: &ParameterChange) -> String {
    let name = format!("{} ({})", printable(&change.label), printable(&change.key));
    let or_none = |value: &Option<String>| value.as_deref().map_or_else(|| "none".to_owned(), printable);
    match &change.what {
        What::Added { required: true } => format!("+ {name}: new, and REQUIRED"),
        What::Added { required: false } => format!("+ {name}: new"),
        What::Choices { from, to } => {
            format!("~ {name}: choices {} become {}", printable(&from.join(", ")), printable(&to.join(", ")))
        }
        What::Default { from, to } => format!("~ {name}: default {} becomes {}", or_none(from), or_none(to)),
        What::Removed => format!("- {name}: removed"),
        What::Required(true) => format!("~ {name}: becomes required"),
        What::Required(false) => format!("~ {name}: becomes optional"),
        What::Retyped { from, to } => format!("~ {name}: {from} becomes {to}"),
    }
}

fn lost(loss: &Loss) -> String {
    let why = match &loss.why {
        LossReason::Invalid(why) => format!("the new version does not accept it: {}", printable(why)),
        LossReason::Overwritten => "overwritten".to_owned(),
        LossReason::Removed => "the parameter is removed".to_owned(),
        LossReason::Retyped => "the parameter has another type".to_owned(),
    };
    let value = loss
        .value
        .as_deref()
        .map_or_else(|| "a secret".to_owned(), |value| format!("{:?}", printable(value)));
    format!("{} = {value}: {why}", printable(&loss.key))
}

/// What was done, and what to do next.
fn outcome(plan: &Plan) -> String {
    let name = &plan.package.name;
    let version = &plan.package.version;
    let done = match &plan.relation {
        _ if plan.changes_nothing() => {
            return format!("{name} {version} is already installed; nothing changed.\n");
        }
        Relation::New => format!("{name} {version} is installed. It is disabled."),
        Relation::Changed | Relation::Same => format!("{name} {version} was replaced."),
        Relation::Downgrade { from } => {
            format!("{name} was downgraded from {} to {version}.", printable(from))
        }
        Relation::Upgrade { from } => format!("{name} was upgraded from {} to {version}.", printable(from)),
    };
    let state = match (&plan.relation, plan.enabled, plan.disables()) {
        (Relation::New, ..) => "",
        (_, _, true) => " It is DISABLED now: a required value is missing.",
        (_, true, false) => " It is enabled, as before.",
        (_, false, _) => " It is disabled, as before.",
    };
    let next = if plan.enabled && !plan.disables() { String::new() } else { next(plan) };
    format!("{done}{state}\n{next}")
}

fn next(plan: &Plan) -> String {
    let name = &plan.package.name;
    let missing = plan.missing.iter().map(|one| printable(one)).collect::<Vec<_>>().join(", ");
    let required = if missing.is_empty() { String::new() } else { format!("   required: {missing}") };
    format!(
        "Next:\n  backsight integration show {name}\n  backsight integration configure {name} KEY=VALUE … --secret KEY{required}\n  \
         backsight integration test {name}\n  backsight integration enable {name}\n"
    )
}
