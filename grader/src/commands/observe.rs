use std::ffi::OsStr;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use observation::{Limits, Observation, Request};

use crate::exit::Exit;

/// Run any program and report what the operating system saw of it
///
/// Processes and threads, how they ended, what was left behind; and if it hangs, whether it
/// is deadlocked, and who waits for whom.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader observe -- ./target/debug/lock
  grader observe --json --timeout 2s -- sh -c 'sleep 1 & wait'
  grader observe --timeline run.svg -- ./target/debug/semaphore 4")]
pub(crate) struct Arguments {
    /// Print everything that was seen, as JSON, and not what the program wrote
    #[arg(long)]
    json: bool,
    /// End the program after this time: 500ms, 10s, 2m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    timeout: Duration,
    /// Draw the run as an SVG: one lane for each process and thread
    #[arg(long, value_name = "FILE")]
    timeline: Option<PathBuf>,
    /// Draw who waited for whom, as SVG or, if the name ends in .dot, for Graphviz
    #[arg(long, value_name = "FILE")]
    graph: Option<PathBuf>,
    /// The program, looked up in PATH if it is a bare name, and its arguments
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    program: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let request = request(arguments)?;
    let input =
        std::io::stdin().as_fd().try_clone_to_owned().context("cannot pass the input on")?;
    let seen = observe::observe_reading(&request, input)?;
    if let Some(path) = &arguments.timeline {
        save(path, &picture::timeline(&seen))?;
    }
    if let Some(path) = &arguments.graph {
        let graph = seen.wait_for.clone().unwrap_or_default();
        let for_graphviz = path.extension() == Some(OsStr::new("dot"));
        let text = if for_graphviz { picture::dot(&graph) } else { picture::wait_for(&graph) };
        save(path, &text)?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&seen)?);
    } else {
        pass_on(&seen)?;
        print!("{}", in_words(&seen));
    }
    Ok(Exit::Done)
}

/// Any program may be looked at, so no bound is there to be near.
fn request(arguments: &Arguments) -> anyhow::Result<Request> {
    let [program, args @ ..] = arguments.program.as_slice() else { bail!("no program was given") };
    let mut request = Request::new(look_up(program)?);
    request.args = args.to_vec();
    request.environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    request.limits = Limits {
        wall: arguments.timeout,
        cpu: Duration::from_secs(u32::MAX.into()),
        memory: u64::MAX,
        processes: 4096,
        output: 16 << 20,
        file_size: u64::MAX,
    };
    Ok(request)
}

fn look_up(program: &str) -> anyhow::Result<PathBuf> {
    if program.contains('/') {
        return Ok(PathBuf::from(program));
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = std::env::split_paths(&folders).map(|folder| folder.join(program));
    candidates.find(|path| path.is_file()).with_context(|| {
        format!("there is no {program} in PATH; write ./{program} for one in this folder")
    })
}

/// Shows what the program wrote, where it wrote it.
fn pass_on(seen: &Observation) -> anyhow::Result<()> {
    std::io::stdout().write_all(seen.stdout.text.as_bytes()).context("cannot show the output")?;
    std::io::stderr().write_all(seen.stderr.text.as_bytes()).context("cannot show the output")
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn in_words(seen: &Observation) -> String {
    let mut lines = vec![format!("verdict: {}: {}", seen.verdict, seen.reason)];
    if let Some(graph) = &seen.wait_for {
        lines.extend(graph.to_string().lines().map(|line| format!("  {line}")));
    }
    lines.push(format!(
        "seen: {}, {} at once; {}, {} at once; {:.1} ms, of which {:.1} ms on the processor",
        counted(seen.processes.len(), "process", "processes"),
        seen.peak_processes,
        counted(seen.processes.len() + seen.threads.len(), "thread", "threads"),
        seen.peak_threads,
        seen.wall.as_secs_f64() * 1e3,
        (seen.resources.user + seen.resources.system).as_secs_f64() * 1e3,
    ));
    if seen.zombies + seen.orphans > 0 {
        lines.push(format!(
            "left: {} never waited for, {} that outlived a parent",
            counted(seen.zombies as usize, "child", "children"),
            counted(seen.orphans as usize, "process", "processes"),
        ));
    }
    for leftover in &seen.leftovers {
        lines.push(format!("left: {:?} {}", leftover.kind, leftover.name));
    }
    for unsure in &seen.unsure {
        lines.push(format!("unsure: {}", unsure.reason));
    }
    lines.join("\n") + "\n"
}

fn save(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// A number with a unit; seconds if there is none.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let scale = match &text[digits.len()..] {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        _ => return Err("write 500ms, 10s or 2m".to_owned()),
    };
    let number: f64 = digits.parse().map_err(|_| "write 500ms, 10s or 2m".to_owned())?;
    Duration::try_from_secs_f64(number * scale).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert!(duration("-1s").is_err());
        assert!(duration("soon").is_err());
    }

    #[test]
    fn a_bare_name_is_looked_up_and_a_path_is_not() {
        assert!(look_up("sh").unwrap().ends_with("sh"));
        assert_eq!(look_up("./nowhere").unwrap(), Path::new("./nowhere"));
        assert!(look_up("no-such-program-anywhere").is_err());
    }
}
