//! What the walls cost: `cargo bench -p keeper`. The numbers are in docs/benchmarks/jail.md.
//!
//! All that is compared is run in turn, so that a busy machine slows all of it alike.
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to explain itself to")]

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jail::{Confinement, Slot, Tier};
use keeper::{Keeper, prove};
use nix::unistd::geteuid;
use observation::{Exit, HangKind, LimitKind, Limits, Request};

const STARTS: usize = 200;
const COMPILATIONS: usize = 15;

fn main() {
    let keeper = Keeper::new(env!("CARGO_BIN_EXE_keeper"));
    let tier = if geteuid().is_root() { Tier::A } else { Tier::B };
    prove(&keeper, tier).unwrap();
    let mut out = std::io::stdout().lock();
    writeln!(out, "tier {tier}").unwrap();
    // First, since what is measured is the largest of all processes so far.
    flood(tier, &mut out);
    starts(&keeper, tier, &mut out);
    compilations(&keeper, tier, &mut out);
}

/// From the request to the exit of /bin/true, and to the answer.
fn starts(keeper: &Keeper, tier: Tier, out: &mut impl Write) {
    let request = Request::new("/bin/true");
    let confinement = Confinement::for_program(tier, Slot(0), &request.program);
    let (mut bare, mut inside, mut whole, mut bubblewrap) = (vec![], vec![], vec![], vec![]);
    let (mut prepared, mut torn_down) = (vec![], vec![]);
    for _ in 0..STARTS {
        bare.push(time(|| run(Command::new("/bin/true"))));
        let [prepare, ran, tear_down] = directly(&confinement);
        prepared.push(prepare);
        inside.push(ran);
        torn_down.push(tear_down);
        whole.push(time(|| drop(keeper.run(&request, &confinement).unwrap())));
        if let Some(command) = bwrap() {
            bubblewrap.push(time(|| run(command)));
        }
    }
    row(out, "/bin/true, bare", &mut bare);
    row(out, "/bin/true, in the jail, from fork to exit", &mut inside);
    row(out, "  before that, preparing its walls", &mut prepared);
    row(out, "  after that, tearing them down", &mut torn_down);
    row(out, "/bin/true, observed in the jail, by a keeper that is there", &mut whole);
    if bubblewrap.is_empty() {
        return writeln!(out, "bubblewrap is not installed").unwrap();
    }
    row(out, "/bin/true, in bubblewrap, not observed", &mut bubblewrap);
    let ratio = |times: &mut [Duration]| {
        median(times).as_secs_f64() / median(&mut bubblewrap.clone()).as_secs_f64()
    };
    let (jail, observed) = (ratio(&mut inside), ratio(&mut whole));
    writeln!(out, "of bubblewrap's median: the jail {jail:.2}, observed {observed:.2}").unwrap();
}

/// Without a keeper or an observer: preparing, from fork to exit, tearing down.
fn directly(confinement: &Confinement) -> [Duration; 3] {
    let started = Instant::now();
    let null = || OwnedFd::from(File::options().read(true).write(true).open("/dev/null").unwrap());
    let stdio = jail::Stdio { input: null(), output: null(), error: null() };
    let command = jail::Command::new("/bin/true".as_ref(), [], []).unwrap();
    let enclosure = jail::walls(confinement, &Limits::default(), None, None, vec![]).unwrap();
    let prepared = Instant::now();
    let (suspended, mut walls) = jail::enclose(command, &stdio, enclosure).unwrap();
    suspended.resume().unwrap();
    walls.settle().unwrap();
    let ended = Instant::now();
    drop(walls);
    [prepared - started, ended - prepared, ended.elapsed()]
}

fn compilations(keeper: &Keeper, tier: Tier, out: &mut impl Write) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("lib.rs");
    fs::write(&source, "pub fn twice(n: u64) -> u64 { n * 2 }\nfn main() {}\n").unwrap();
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    let sysroot = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    let rustc = sysroot.join("bin/rustc");
    let args = ["--edition=2024", "-Awarnings", "-o", "made", source.to_str().unwrap()];
    let mut request = Request::new(&rustc);
    request.args = args.map(str::to_owned).to_vec();
    request.environment.insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
    request.limits = Limits { file_size: 1 << 28, ..Limits::default() };
    let confinement = Confinement::for_compiler(tier, Slot(0), &sysroot, [source.clone()], vec![]);
    let (mut bare, mut jailed) = (vec![], vec![]);
    for _ in 0..COMPILATIONS {
        bare.push(time(|| compile_bare(&rustc, &args, folder.path())));
        jailed.push(time(|| {
            let seen = keeper.run(&request, &confinement).unwrap();
            assert_eq!(seen.exit, Some(Exit::Code(0)), "{}", seen.stderr.text);
        }));
    }
    row(out, "rustc, bare", &mut bare);
    row(out, "rustc, in the jail, observed", &mut jailed);
    let ratio = median(&mut jailed).as_secs_f64() / median(&mut bare).as_secs_f64();
    writeln!(out, "rustc, ratio of the medians: {ratio:.2}").unwrap();
}

fn compile_bare(rustc: &Path, args: &[&str], folder: &Path) {
    let mut command = Command::new(rustc);
    command.args(args).env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder);
    run(command);
}

/// What a keeper and all that it starts need at most while a program prints 10 GB.
fn flood(tier: Tier, out: &mut impl Write) {
    let keeper = Keeper::new(env!("CARGO_BIN_EXE_keeper"));
    let mut request = Request::new("/bin/sh");
    request.args = vec!["-c".to_owned(), "exec head -c 10000000000 /dev/zero".to_owned()];
    let confinement = Confinement::for_program(tier, Slot(0), &request.program);
    let started = Instant::now();
    let seen = keeper.run(&request, &confinement).unwrap();
    let took = started.elapsed();
    assert_eq!(seen.hang.unwrap().kind, HangKind::Limit(LimitKind::Output));
    // Its memory counts once it has been waited for.
    drop(keeper);
    let megabytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    writeln!(
        out,
        "10 GB of output: ended after {:.1} ms and {:.1} MiB; the largest process had {:.1} MiB",
        took.as_secs_f64() * 1e3,
        megabytes(seen.stdout.bytes),
        megabytes(peak_of_children()),
    )
    .unwrap();
}

/// Bytes resident at once in the largest child that has ended, theirs included.
fn peak_of_children() -> u64 {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN);
    u64::try_from(usage.unwrap().max_rss()).unwrap() * 1024
}

fn bwrap() -> Option<Command> {
    let path =
        ["/usr/bin/bwrap", "/bin/bwrap"].into_iter().find(|path| Path::new(path).exists())?;
    let mut command = Command::new(path);
    command.args(["--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin"]);
    command.args(["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]);
    command.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "/bin/true"]);
    Some(command)
}

fn run(mut command: Command) {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success());
}

fn time(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

fn row(out: &mut impl Write, what: &str, times: &mut [Duration]) {
    let median = median(times).as_secs_f64() * 1e3;
    let tenth = |n: usize| times[times.len() * n / 10].as_secs_f64() * 1e3;
    let (low, high, count) = (tenth(1), tenth(9), times.len());
    writeln!(
        out,
        "{what}: median {median:.2} ms, 10 to 90 % {low:.2} to {high:.2} ms, n = {count}"
    )
    .unwrap();
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
