//! The command line of the grader.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the command line owns both")]

mod booth;
mod caching;
mod child;
mod commands;
mod exit;
mod output;
mod place;
mod progress;
mod results;
mod stage;
mod tables;
mod tongue;

use clap::{Parser, Subcommand};

use crate::exit::Exit;

/// Grades submissions to a course on concurrent programming.
#[derive(Debug, Parser)]
#[command(version, after_help = exit::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Grade(commands::grade::Arguments),
    Compare(commands::compare::Arguments),
    #[command(subcommand)]
    Book(commands::book::Command),
    #[command(subcommand)]
    Cache(commands::cache::Command),
    Explore(commands::explore::Arguments),
    Replay(commands::replay::Arguments),
    Observe(commands::observe::Arguments),
    Doctor(commands::doctor::Arguments),
    Export(commands::export::Arguments),
    At(commands::at::Arguments),
    Jobe(commands::jobe::Arguments),
    Xqueue(commands::xqueue::Arguments),
    Sign(commands::sign::Arguments),
    #[command(subcommand)]
    Course(commands::course::Command),
}

fn main() -> Exit {
    // The same executable once more, started by itself to run one program behind walls.
    if let Some(code) = keeper::serve_if_asked() {
        std::process::exit(code);
    }
    jail::heed_children();
    exit::quietly_without_a_reader();
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Grade(arguments) => commands::grade::run(&arguments),
        Command::Compare(arguments) => commands::compare::run(&arguments),
        Command::Book(command) => commands::book::run(&command),
        Command::Cache(command) => commands::cache::run(&command),
        Command::Explore(arguments) => commands::explore::run(&arguments),
        Command::Replay(arguments) => commands::replay::run(&arguments),
        Command::Doctor(arguments) => commands::doctor::run(&arguments),
        Command::Export(arguments) => commands::export::run(&arguments),
        Command::At(arguments) => commands::at::run(&arguments),
        Command::Jobe(arguments) => commands::jobe::run(&arguments),
        Command::Xqueue(arguments) => commands::xqueue::run(&arguments),
        Command::Sign(arguments) => commands::sign::run(&arguments),
        Command::Observe(arguments) => commands::observe::run(&arguments),
        Command::Course(command) => commands::course::run(&command),
    };
    done.unwrap_or_else(exit::explain)
}
