//! Manual pages and completions, from the same definitions as `--help`.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::exit::Outcome;
use crate::talk;

/// `spiegel completions`.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<Outcome> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "spiegel", &mut text);
    talk::bytes(&text)?;
    Ok(Outcome::Done)
}

/// `spiegel man`.
pub(crate) fn manual(out: &Path) -> anyhow::Result<Outcome> {
    fs::create_dir_all(out).with_context(|| format!("{}", out.display()))?;
    let mut command = Arguments::command();
    command.build();
    let pages = pages(&command, "spiegel", out)?;
    talk::line(&format!("man        {pages} pages in {}", out.display()));
    Ok(Outcome::Done)
}

/// A page for a command, and for each below it; says how many.
fn pages(command: &Command, name: &str, out: &Path) -> anyhow::Result<usize> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name.to_uppercase()).date("").source(format!("spiegel {}", env!("CARGO_PKG_VERSION"))).render(&mut text)?;
    let file = out.join(format!("{name}.1"));
    fs::write(&file, text).with_context(|| format!("{}", file.display()))?;
    let mut made = 1;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help") {
        made += pages(verb, &format!("{name}-{}", verb.get_name()), out)?;
    }
    Ok(made)
}
