use clap::ValueEnum;
use course::Language;

/// A language of the course, as it is given on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Tongue {
    En,
    Zh,
}

impl From<Tongue> for Language {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::En => Self::En,
            Tongue::Zh => Self::Zh,
        }
    }
}
