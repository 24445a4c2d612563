//! Every state that a [`System`] can reach.

use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model, Property};
use turnstile_kit::journal::Step;

use super::rules::Rule;
use super::system::{Action, Size, State, System};

impl<const N: usize, const R: usize> Model for System<N, R> {
    type State = State<N, R>;
    type Action = Action;

    fn init_states(&self) -> Vec<State<N, R>> {
        vec![self.start()]
    }

    fn actions(&self, state: &State<N, R>, actions: &mut Vec<Action>) {
        Self::actions(self, state, actions);
    }

    fn next_state(&self, before: &State<N, R>, action: Action) -> Option<State<N, R>> {
        self.next(before, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("every split has exactly one home", |_, state: &State<N, R>| state.conserved()),
            Property::always("each reader has its own log, in order", |_, state: &State<N, R>| state.in_order()),
            Property::always("Finished only when all is emitted", |system: &Self, state: &State<N, R>| {
                system.finished_is_final(state)
            }),
            Property::always("nothing is applied after the end", |_, state: &State<N, R>| !state.after_the_end),
            Property::always("a restored reader is taken up", |_, state: &State<N, R>| !state.torn),
            Property::always("no dead end before Finished", |system: &Self, state: &State<N, R>| system.goes_on(state)),
            Property::always("a fair network leads to Finished", |system: &Self, state: &State<N, R>| {
                !system.size.queues || system.leads_to_the_end(state)
            }),
        ]
    }

    fn format_action(&self, action: &Action) -> String {
        let kept = if action.keeps.is_some() { ", and something stays under way" } else { "" };
        format!("{:?}{kept}", action.step)
    }

    fn format_step(&self, before: &State<N, R>, action: Action) -> Option<String> {
        let after = self.next(before, action)?;
        let step = self.describe(before, action);
        Some(format!("{}: {}\n\n{after:#?}", step.lane.name(), step.text))
    }
}

/// What came of an exploration.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// Different states.
    pub states: u64,
    /// How long it took.
    pub seconds: f64,
    /// The property that was violated, and a short way there.
    pub violated: Option<(String, Vec<Step>)>,
}

/// Serves stateright's explorer, for as long as the process lives.
pub fn serve<const N: usize, const R: usize>(size: Size, without: Option<Rule>, address: String) {
    System::<N, R> { size, without }.checker().serve(address);
}

/// Explores until all states are known or a property is violated. On one thread, so that it is always the same.
///
/// Depth first, which keeps few states whole (0.6 GB at the largest size; breadth first took 12); breadth first where a violation is
/// expected or was found, so that the way there is short.
pub fn explore<const N: usize, const R: usize>(size: Size, without: Option<Rule>) -> Explored {
    let started = Instant::now();
    let system = System::<N, R> { size, without };
    let checker = || system.checker().finish_when(HasDiscoveries::Any);
    if without.is_none() {
        let all = checker().spawn_dfs().join();
        if all.discoveries().is_empty() {
            return Explored::new(started, all.unique_state_count(), None);
        }
    }
    let some = checker().spawn_bfs().join();
    let violated = some.discoveries().into_iter().map(|(property, path)| {
        let path = path.into_vec();
        let steps = path.iter().filter_map(|(before, action)| action.map(|action| system.describe(before, action)));
        (property.to_string(), steps.collect::<Vec<Step>>())
    });
    let violated =
        violated.min_by(|(one, to_one), (other, to_other)| (to_one.len(), one).cmp(&(to_other.len(), other)));
    Explored::new(started, some.unique_state_count(), violated)
}

impl Explored {
    fn new(started: Instant, states: usize, violated: Option<(String, Vec<Step>)>) -> Self {
        Self { states: states as u64, seconds: started.elapsed().as_secs_f64(), violated }
    }
}
