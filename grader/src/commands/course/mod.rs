//! Work on a course as its author.

mod book;
mod certify;
mod check;
mod mutate;
mod new;
mod student;

use clap::Subcommand;

use crate::exit::Exit;

/// Work on a course as its author
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Book(book::Arguments),
    Certify(certify::Arguments),
    Check(check::Arguments),
    Mutate(mutate::Arguments),
    New(new::Arguments),
    Student(student::Arguments),
    /// Print the JSON Schema of course.yaml, for editors
    Schema,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<Exit> {
    match command {
        Command::Book(arguments) => book::run(arguments),
        Command::Certify(arguments) => certify::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Mutate(arguments) => mutate::run(arguments),
        Command::New(arguments) => new::run(arguments),
        Command::Student(arguments) => student::run(arguments),
        Command::Schema => {
            print!("{}", course::schema());
            Ok(Exit::Done)
        }
    }
}
