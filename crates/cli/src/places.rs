//! Where pipelines and templates lie when they do not lie where the command is run: an unpacked archive works from any folder.

use std::env;
use std::path::{Path, PathBuf};

use crate::arguments::{PipelineVerb, PreviewVerb, Verb};

/// Names the folder that holds `pipelines/` and `report-templates/`.
pub(crate) const HOME: &str = "SPIEGEL_HOME";

/// A path to definitions as it was typed when that is there. A relative one that is not is looked for in the folder that `SPIEGEL_HOME`
/// names; without that beside the program, in the folder above it, and in `share/spiegel` of that folder. What is nowhere stays as it was
/// typed, so that a message names that.
pub(crate) fn located(path: &Path) -> PathBuf {
    let program = env::current_exe().ok();
    let folder = program.as_deref().and_then(Path::parent);
    find(path, env::var_os(HOME).filter(|home| !home.is_empty()).map(PathBuf::from).as_deref(), folder)
}

fn find(path: &Path, home: Option<&Path>, program: Option<&Path>) -> PathBuf {
    if path.is_absolute() || path.exists() {
        return path.to_owned();
    }
    let homes: Vec<PathBuf> = match (home, program) {
        (Some(home), _) => vec![home.to_owned()],
        (None, Some(program)) => {
            let above = program.parent().unwrap_or(program);
            vec![program.to_owned(), above.to_owned(), above.join("share").join("spiegel")]
        }
        (None, None) => Vec::new(),
    };
    homes.into_iter().map(|home| home.join(path)).find(|found| found.exists()).unwrap_or_else(|| path.to_owned())
}

impl Verb {
    /// With the paths of definitions where they are: see [`located`].
    pub(crate) fn located(mut self) -> Self {
        let mut paths: Vec<&mut PathBuf> = Vec::new();
        match &mut self {
            Self::Year(year) => {
                paths.push(&mut year.common.year);
                paths.extend(&mut year.reading.mapping);
                paths.extend(&mut year.making.template);
            }
            Self::Ingest(ingest) => {
                paths.push(&mut ingest.common.year);
                paths.extend(&mut ingest.reading.mapping);
                paths.extend(&mut ingest.template);
            }
            Self::Benchmark(benchmark) => paths.push(&mut benchmark.common.year),
            Self::Report(report) => {
                paths.push(&mut report.common.year);
                paths.extend(&mut report.making.template);
            }
            Self::Keurmerk(keurmerk) => {
                paths.push(&mut keurmerk.common.year);
                paths.extend(&mut keurmerk.template);
            }
            Self::Release(release) => paths.push(&mut release.common.year),
            Self::Verify(verify) => paths.push(&mut verify.pipeline),
            Self::Query(query) => paths.push(&mut query.pipeline),
            Self::Check(check) => {
                paths.push(&mut check.pipeline);
                paths.extend(&mut check.mapping);
                paths.extend(&mut check.template);
            }
            Self::Explain(explain) => paths.push(&mut explain.pipeline),
            Self::Template(template) => paths.push(&mut template.pipeline),
            Self::Trace(trace) => paths.extend(&mut trace.pipeline),
            Self::Pipeline { verb: PipelineVerb::Check { directory, .. } } => paths.push(directory),
            Self::Preview { verb: PreviewVerb::Indicator(preview) } => {
                paths.push(&mut preview.pipeline);
                paths.extend(&mut preview.template);
            }
            Self::Preview { verb: PreviewVerb::Template(preview) } => paths.push(&mut preview.template),
            // What is made new is made where it was typed.
            Self::New { .. } | Self::Withdraw(_) | Self::Sample(_) | Self::Status(_) | Self::Key(_) | Self::Completions { .. } | Self::Man { .. } => {}
        }
        for path in paths {
            *path = located(path);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn definitions_are_found_beside_the_program_above_it_in_share_and_in_the_named_home() {
        let root = tempfile::tempdir().unwrap();
        let wanted = Path::new("pipelines/only-for-this-test");
        let program = root.path().join("bin");
        assert_eq!(find(wanted, None, Some(&program)), wanted, "nowhere: as it was typed");
        for home in [root.path().join("share/spiegel"), root.path().to_owned(), program.clone()] {
            fs::create_dir_all(home.join(wanted)).unwrap();
            assert_eq!(find(wanted, None, Some(&program)), home.join(wanted), "the nearer goes first");
        }
        let other = root.path().join("elsewhere");
        assert_eq!(find(wanted, Some(&other), Some(&program)), wanted, "a named home is the only one");
        fs::create_dir_all(other.join(wanted)).unwrap();
        assert_eq!(find(wanted, Some(&other), Some(&program)), other.join(wanted));
        assert_eq!(find(&other, None, None), other);
    }
}
