//! Makes the mistakes of concurrent programmers in a right program, one at a time.
//!
//! A course's tests are as good as the mistakes that they notice. Each [`Mutant`] is
//! the solution with one such mistake in it; one that the tests let pass is a test
//! that is missing, or a change that makes no difference.
//!
//! Pure: text in, texts out. Whether a mutant compiles is for the compiler to say.

mod call;
mod operator;
mod sites;

pub use operator::Operator;

/// A right program with one mistake in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// The kind of mistake.
    pub operator: Operator,
    /// The function in which it is, `Type::name` for a method; empty outside of functions.
    pub function: String,
    /// Its line in the right program, from 1.
    pub line: usize,
    /// What stood there, in one line.
    pub before: String,
    /// What stands there now, in one line.
    pub after: String,
    /// The whole program.
    pub text: String,
}

/// Every mutant of the program `source`, in the order of its lines.
///
/// Code under `#[cfg(test)]` is left alone.
pub fn mutants(source: &str) -> Result<Vec<Mutant>, syn::Error> {
    let file = syn::parse_file(source)?;
    let mut mutants: Vec<_> =
        sites::of(&file, source).into_iter().map(|site| site.mutate(source)).collect();
    mutants.sort_by_key(|mutant| (mutant.line, mutant.operator));
    mutants.dedup_by(|one, other| one.text == other.text);
    Ok(mutants)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mutants of the body of a function, each as `operator: before -> after`.
    fn of(body: &str) -> Vec<String> {
        let source = format!("fn work() {{\n{body}\n}}\n");
        let mutants = mutants(&source).unwrap();
        for mutant in &mutants {
            assert_ne!(mutant.text, source);
            syn::parse_file(&mutant.text).expect("a mutant is a program");
        }
        let line =
            |mutant: &Mutant| format!("{}: {} -> {}", mutant.operator, mutant.before, mutant.after);
        mutants.iter().map(line).collect()
    }

    #[test]
    fn a_call_for_its_effect_is_left_out_under_the_name_of_what_is_forgotten() {
        assert_eq!(of("waitpid(child, None);"), ["skip-join: waitpid(child, None); -> "]);
        assert_eq!(of("gate.release();"), ["forget-release: gate.release(); -> "]);
        assert_eq!(of("let _ = thread.join();"), ["skip-join: let _ = thread.join(); -> "]);
        assert_eq!(of("println!(\"x\");"), [""; 0]);
    }

    #[test]
    fn an_error_is_ignored_as_well_as_its_call_left_out() {
        assert_eq!(
            of("gate.acquire()?;"),
            [
                "drop-lock: gate.acquire()?; -> ",
                "ignore-error: gate.acquire()?; -> let _ = gate.acquire();"
            ]
        );
    }

    #[test]
    fn an_error_that_no_right_program_sees_is_not_ignored() {
        assert_eq!(of("waitpid(child, None)?;"), ["skip-join: waitpid(child, None)?; -> "]);
    }

    #[test]
    fn an_ordering_that_was_imported_by_name_gives_way_to_one_that_need_not_be() {
        assert_eq!(
            of("x.store(1, SeqCst);")[1..],
            ["weaker-ordering: SeqCst -> std::sync::atomic::Ordering::Relaxed"]
        );
    }

    #[test]
    fn an_end_that_was_closed_stays_open() {
        assert_eq!(
            of("drop(writer);"),
            ["keep-open: drop(writer); -> ", "keep-open: drop(writer) -> std::mem::forget(writer)"]
        );
    }

    #[test]
    fn a_critical_section_is_split_after_each_of_its_statements_but_the_last() {
        let found = of("let mut a = m.lock().unwrap();\nlet b = *a;\n*a = b + 1;");
        assert_eq!(
            found,
            ["split-lock: *a = b + 1; -> drop(a); let mut a = m.lock().unwrap(); *a = b + 1;"]
        );
    }

    #[test]
    fn a_read_of_a_file_is_no_critical_section() {
        assert_eq!(of("let n = file.read(&mut bytes)?;\nlet m = n + 1;\nkeep = m;"), [""; 0]);
    }

    #[test]
    fn two_locks_in_a_row_are_taken_the_other_way_round() {
        let found = of("let a = x.lock().unwrap();\nlet b = y.lock().unwrap();\nadd(a, b);");
        let swapped = "swap-locks: let a = x.lock().unwrap(); let b = y.lock().unwrap(); -> \
                       let b = y.lock().unwrap(); let a = x.lock().unwrap();";
        assert!(found.contains(&swapped.to_owned()), "{found:#?}");
    }

    #[test]
    fn conditions_wake_ups_bounds_and_orderings_are_changed() {
        let found = of("while self.count >= limit { a = c.wait(a).unwrap(); }\nc.notify_one();\n\
             for i in 0..n { f(i, x.load(Ordering::SeqCst)) }");
        for expected in [
            "if-for-while: while -> if",
            "off-by-one: >= -> >",
            "notify: notify_one -> notify_all",
            "off-by-one: .. -> ..=",
            "weaker-ordering: SeqCst -> Relaxed",
        ] {
            assert!(found.contains(&expected.to_owned()), "{expected} is not in {found:#?}");
        }
    }

    #[test]
    fn a_destructor_that_gives_back_gives_nothing_back() {
        let source = "impl Drop for Permit { fn drop(&mut self) { self.0.release() } }";
        let mutants = mutants(source).unwrap();
        assert_eq!(mutants[0].operator, Operator::ForgetRelease);
        assert_eq!(mutants[0].function, "Permit::drop");
        assert_eq!(mutants[0].text, "impl Drop for Permit { fn drop(&mut self) {} }");
    }

    #[test]
    fn poison_is_passed_on_and_tests_are_left_alone() {
        assert_eq!(
            of("let a = m.lock().unwrap_or_else(PoisonError::into_inner);"),
            ["poison: unwrap_or_else(PoisonError::into_inner) -> unwrap()"]
        );
        assert_eq!(mutants("#[cfg(test)] mod tests { fn f() { drop(x); } }").unwrap(), []);
    }
}
