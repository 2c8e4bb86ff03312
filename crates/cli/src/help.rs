//! What stands under the help of the command and of its verbs: examples and exit codes.

pub(crate) const EXAMPLES: &str = "\
A first run:
  spiegel sample --providers 60 --years 3 --out country      a fictional country
  spiegel key --out country.key                              a key for pseudonyms; keep it apart from the data
  spiegel year pipelines/kibg/years/2025.toml --inbox country/inbox --batch batch --key country.key
  spiegel status --batch batch                               who delivered, who has a report, and why not
  spiegel trace --batch batch --provider 94012345 --indicator behandelminuten   where a printed value comes from
  spiegel check KIBG_94012345_2025_01                        what would become of a submission, before it is sent

Paths of pipelines and templates are looked for where the command is run, then in the folder that SPIEGEL_HOME names, else beside
the program and in the folder above it.

Exit codes:
   0  done
   2  wrong usage
  10  done, but some submissions were refused or held, or some reports failed (they are listed), or a traced value differs
  12  the definition of the pipeline is wrong
  13  the lake or the disk
  14  a privacy rule refuses the release, or a release does not pass its verification
  70  a bug in spiegel";

pub(crate) const WRITES: &str = "Exit codes: 0 done; 2 wrong usage; 12 the definition of the pipeline is wrong; 13 the lake or the disk; 70 a bug.";
pub(crate) const OF_A_YEAR: &str = "Exit codes: 0 done; 2 wrong usage; 10 done, but some submissions were refused or held, or some reports failed \
(they are listed, and everybody else is done); 12 the definition of the pipeline is wrong; 13 the lake or the disk; 70 a bug.";
pub(crate) const OF_A_CHECK: &str = "Exit codes: 0 it would be accepted; 2 wrong usage; 10 it would be refused or held; 12 the definition of the pipeline is wrong; \
13 the disk; 70 a bug.";
pub(crate) const OF_A_RELEASE: &str = "Exit codes: 0 done; 2 wrong usage; 12 the definition or the policy is wrong; 13 the lake or the disk; \
14 a privacy rule refuses the release, or it does not pass its verification; 70 a bug.";
pub(crate) const OF_A_PIPELINE: &str = "Exit codes: 0 everything is right; 2 wrong usage; 12 something is wrong: every mistake is listed with file and line; 70 a bug.";
pub(crate) const OF_A_TRACE: &str = "For example:\n  spiegel trace --batch batch --provider 94012345 --indicator behandelminuten\n  \
spiegel trace --batch batch --provider 94012345 --indicator wachttijd --format json > wachttijd.json\n\n\
The output names single units and pseudonyms of clients: keep it to yourself and the provider.\n\n\
Exit codes: 0 computed again it is the same value; 2 wrong usage; 10 it is another value, or the definitions have changed since; \
12 the definition of the pipeline is wrong; 13 the lake or the disk; 70 a bug.";
pub(crate) const OF_A_STATUS: &str = "For example:\n  spiegel status --batch batch --waiting              everybody who waits, and for what\n  \
spiegel status --batch batch --waiting provider     whom to write to\n\n\
Exit codes: 0 done; 2 wrong usage; 13 the disk; 70 a bug.";
pub(crate) const OF_COMPLETIONS: &str = "For example, for bash: spiegel completions bash > ~/.local/share/bash-completion/completions/spiegel";
