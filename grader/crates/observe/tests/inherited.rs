//! What a program has is not what this process has.

use std::os::fd::OwnedFd;

use observation::{Observation, Request};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

fn stack_in(seen: &Observation) -> &str {
    let lines = seen.stdout.text.lines();
    lines.filter_map(|line| line.strip_prefix("Max stack size")).next().expect("it says so").trim()
}

#[test]
fn a_program_has_the_usual_stack_unless_it_is_to_have_what_its_caller_has() {
    let hard = getrlimit(Resource::Stack).maximum;
    let little = Rlimit { current: Some(256 << 10), maximum: hard };
    setrlimit(Resource::Stack, little).unwrap();
    let mut request = Request::new("/bin/cat");
    request.args.push("/proc/self/limits".to_owned());
    let usual = observe::observe(&request).unwrap();
    let nothing = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
    let of_caller = observe::observe_reading(&request, nothing).unwrap();

    let expected = hard.map_or(8 << 20, |hard| hard.min(8 << 20));
    assert!(stack_in(&usual).starts_with(&format!("{expected} ")), "{usual:?}");
    assert!(stack_in(&of_caller).starts_with("262144 "), "{of_caller:?}");
}
