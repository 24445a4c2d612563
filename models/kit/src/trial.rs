//! What the command runs: a named scenario of a subject, under each of its checkers, with a verdict.

use crate::explore::{Budget, Checker, Found, Look, lacks};
use crate::job::{self, Job, search};
use crate::scenario::SCENARIOS;
use crate::subject::{Ability, Subject};

/// Something that a subject has to say that it can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// As its author writes it.
    pub(crate) name: String,
    /// Such a subject…
    pub(crate) says: &'static str,
}

impl From<Ability> for Need {
    fn from(ability: Ability) -> Self {
        Self { name: format!("{ability:?}"), says: ability.says() }
    }
}

impl From<job::Ability> for Need {
    fn from(ability: job::Ability) -> Self {
        Self { name: format!("{ability:?}"), says: ability.says() }
    }
}

/// A scenario of a subject.
pub(crate) struct Trial {
    /// What the subject is.
    pub(crate) kind: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) scenario: &'static str,
    pub(crate) claim: &'static str,
    pub(crate) needs: Vec<Need>,
    /// Those that the subject does not say: it is not supported.
    pub(crate) lacks: Vec<Need>,
    /// The guarantees that it can see broken, each with what the subject lacks for that one.
    pub(crate) sees: Vec<(&'static str, Vec<Need>)>,
    /// What is broken if an execution stands still.
    pub(crate) stuck: &'static str,
    pub(crate) runs: Vec<Run>,
}

type Explore = Box<dyn Fn(Budget, &Look) -> Found>;

/// How to look at it.
pub(crate) struct Run {
    /// As it is asked for.
    pub(crate) checker: &'static str,
    /// Its name in tables.
    pub(crate) head: &'static str,
    /// Does it rest on what loom explores?
    pub(crate) by_loom: bool,
    run: Explore,
}

impl Run {
    /// Looks, if nothing is lacking. Who holds the look as well sees how far it is.
    pub(crate) fn run(&self, budget: Budget, look: &Look) -> Found {
        (self.run)(budget, look)
    }
}

/// Every scenario, for a reader.
pub(crate) fn of_reader<S: Subject>() -> impl Iterator<Item = Trial> {
    let needs = |abilities: &[Ability]| abilities.iter().copied().map(Need::from).collect::<Vec<_>>();
    SCENARIOS.iter().map(move |scenario| {
        let missing = |beyond: &[Ability]| -> Vec<Ability> {
            beyond.iter().copied().filter(|ability| !S::ABILITIES.contains(ability)).collect()
        };
        Trial {
            kind: "reader",
            subject: S::NAME,
            scenario: scenario.name,
            claim: scenario.claim,
            needs: needs(scenario.needs),
            lacks: needs(&lacks::<S>(scenario)),
            sees: scenario.sees().into_iter().map(|(id, beyond)| (id, needs(&missing(beyond)))).collect(),
            stuck: scenario.stuck,
            runs: Checker::ALL
                .into_iter()
                .map(|checker| Run {
                    checker: checker.short(),
                    head: checker.name(),
                    by_loom: matches!(checker, Checker::Interleavings | Checker::WeakMemory),
                    run: Box::new(move |budget, look| look.explore::<S>(scenario, checker, budget)),
                })
                .collect(),
        }
    })
}

/// Every scenario, for a job.
pub(crate) fn of_job<J: Job>() -> impl Iterator<Item = Trial> {
    let needs = |abilities: &[job::Ability]| abilities.iter().copied().map(Need::from).collect::<Vec<_>>();
    job::scenario::SCENARIOS.iter().map(move |scenario| Trial {
        kind: "job",
        subject: J::NAME,
        scenario: scenario.name,
        claim: scenario.claim,
        needs: needs(scenario.needs),
        lacks: needs(&search::lacks::<J>(scenario)),
        sees: scenario.sees().into_iter().map(|guarantee| (guarantee, Vec::new())).collect(),
        stuck: "",
        runs: vec![Run {
            checker: "states",
            head: "states",
            by_loom: false,
            run: Box::new(move |budget, look| search::look::<J>(scenario, budget, look)),
        }],
    })
}
