//! The models that explore the altered core: every two operations, and the scenarios.

use crate::engine::altered::pairs::run;
use crate::pairs::{self, Case, Face};
use crate::plan::{Checker, Job, PAIRS, Verdict, jobs};

/// About how many seconds a model may take that is explored for everything.
pub const QUICK: u32 = 1;

/// Either kind.
#[derive(Clone, Copy, Debug)]
pub enum Model {
    /// Two operations at once, explored in this way.
    Pair(Case, Checker),
    /// A scenario, as the plan has it.
    Scenario(Job),
}

impl Model {
    /// Those first that are quick to fail.
    pub fn all() -> Vec<Self> {
        let is_scenario =
            |job: &Job| job.checker_name() == "loom" && !job.is_specimen() && !job.deep && !job.is_pairs();
        let mut models: Vec<Self> = jobs().into_iter().filter(is_scenario).map(Self::Scenario).collect();
        for (face, checker, _) in PAIRS {
            models.extend(pairs::cases(face).map(|case| Self::Pair(case, checker)));
        }
        models.sort_by_key(Self::weight);
        models
    }

    /// The same with at most so many preemptions.
    pub fn at_most(self, preemptions: usize) -> Self {
        match self {
            Self::Pair(case, checker) => Self::Pair(case, checker.at_most(preemptions)),
            Self::Scenario(job) => Self::Scenario(job.at_most(preemptions)),
        }
    }

    /// About how many seconds it takes.
    pub fn weight(&self) -> u32 {
        match self {
            Self::Scenario(job) => job.weight,
            // What notices most, in little time, comes first.
            Self::Pair(Case::Plain(_), checker) => u32::from(checker.pass() != "interleavings"),
            Self::Pair(Case::Blocking(_), _) => 1,
        }
    }

    /// As in the tables.
    pub fn name(&self) -> String {
        match self {
            Self::Pair(case, checker) => format!("{case}, {}", checker.pass()),
            Self::Scenario(job) => format!("{}, {}", job.scenario(), job.pass()),
        }
    }

    /// Does it use the blocking face?
    pub fn is_blocking(&self) -> bool {
        match self {
            Self::Pair(case, _) => case.face() == Face::Blocking,
            Self::Scenario(job) => job.scenario().starts_with("blocking-"),
        }
    }

    /// As in the tables.
    pub fn pass(&self) -> String {
        match self {
            Self::Pair(_, checker) => checker.pass(),
            Self::Scenario(job) => job.pass(),
        }
    }

    /// What is left out of the suite with it.
    pub fn family(&self) -> &'static str {
        match self {
            Self::Scenario(job) => job.scenario(),
            Self::Pair(Case::Plain(_), _) => "every-pair",
            Self::Pair(Case::Blocking(_), _) => "every-pair-blocking",
        }
    }

    /// Explores it. Has it failed, and how many executions were there?
    pub fn explore(&self, progress: impl Fn(u64) + Send + Sync + 'static) -> (bool, u64) {
        match *self {
            Self::Pair(case, checker) => {
                let explored = checker.explore_altered(move || run(case), progress);
                (explored.violation.is_some(), explored.executions)
            }
            Self::Scenario(job) => {
                let row = job.run_altered(progress);
                (row.verdict == Verdict::Violated, row.executions)
            }
        }
    }
}
