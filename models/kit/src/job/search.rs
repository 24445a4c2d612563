//! Visits every state of a job; and finds the shortest way to one that is wrong, or from which it goes wrong.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashSet, VecDeque};
use std::time::Instant;

use super::scenario::{Scenario, Wrong};
use super::world::{Event, World};
use super::{Ability, Job};
use crate::explore::{Budget, Found, Look, Violation};
use crate::journal::{Lane, Step};

/// What a job would have to survive for a scenario, and does not say that it does.
pub fn lacks<J: Job>(scenario: &Scenario) -> Vec<Ability> {
    scenario.needs.iter().copied().filter(|needed| !J::ABILITIES.contains(needed)).collect()
}

/// Visits every state, nearest first, until the time is over, or from one the job goes wrong although nothing bad happens any more.
///
/// Then it is shown how, by the way with the fewest switches from participant to participant, and of these the one with the fewest steps.
/// States are remembered by 64 bits of their hash.
///
/// # Errors
///
/// What the job [`lacks`]: the scenario is not supported.
pub fn explore<J: Job>(scenario: &Scenario, budget: Budget) -> Result<Found, Vec<Ability>> {
    let lacks = lacks::<J>(scenario);
    if lacks.is_empty() { Ok(look::<J>(scenario, budget, &Look::default())) } else { Err(lacks) }
}

/// The same with a job that can do all that it needs. Who holds the look as well sees how far it is.
pub(crate) fn look<J: Job>(scenario: &Scenario, budget: Budget, look: &Look) -> Found {
    let started = Instant::now();
    let start = World::<J>::start();
    let (mut seen, mut fine) = (HashSet::from([start.fingerprint()]), HashSet::new());
    let mut waiting = VecDeque::from([(0, start)]);
    let found = |visited, bound, violation| Found {
        executions: visited,
        bound,
        seconds: started.elapsed().as_secs_f64(),
        violation,
    };
    let mut visited = 0;
    while let Some((steps, world)) = waiting.pop_front() {
        visited += 1;
        look.begins();
        if world.goes_wrong(scenario, &mut fine).is_some() {
            let violation = shortest::<J>(scenario, &mut fine, look);
            return found(visited, within(steps), Some(violation));
        }
        if started.elapsed() >= budget.time {
            return found(visited, steps.checked_sub(1).map_or("nothing drained".into(), within), None);
        }
        for event in world.events(scenario) {
            let mut next = world.clone();
            next.apply(event, scenario);
            if seen.insert(next.fingerprint()) {
                waiting.push_back((steps + 1, next));
            }
        }
    }
    found(visited, "exhaustive".into(), None)
}

fn within(steps: u64) -> String {
    format!("steps<={steps}")
}

/// The way with the fewest switches from participant to participant, and then the fewest steps, to a state from which it goes wrong;
/// and how it does.
fn shortest<J: Job>(scenario: &Scenario, fine: &mut HashSet<u64>, look: &Look) -> Violation {
    let mut ways: Vec<(usize, Event)> = Vec::new();
    let mut seen = HashSet::new();
    let start = Reached { switches: 0, steps: 0, way: 0, last: None, world: World::<J>::start() };
    let mut waiting = BinaryHeap::from([Reverse(start)]);
    loop {
        let Some(Reverse(Reached { switches, steps, way, last, world })) = waiting.pop() else {
            unreachable!("a state from which it goes wrong can be reached")
        };
        if !seen.insert((world.fingerprint(), last)) {
            continue;
        }
        look.begins();
        if let Some(wrong) = world.goes_wrong(scenario, fine) {
            return told::<J>(scenario, &ways, way, &wrong);
        }
        for event in world.events(scenario) {
            let mut next = world.clone();
            let lane = next.apply(event, scenario).lane;
            if !seen.contains(&(next.fingerprint(), Some(lane))) {
                ways.push((way, event));
                let switches = switches + u32::from(last.is_some_and(|last| last != lane));
                let reached = Reached { switches, steps: steps + 1, way: ways.len(), last: Some(lane), world: next };
                waiting.push(Reverse(reached));
            }
        }
    }
}

/// The steps of a way, and how it goes on from there.
fn told<J: Job>(scenario: &Scenario, ways: &[(usize, Event)], mut way: usize, wrong: &Wrong) -> Violation {
    let mut events = Vec::new();
    while let Some((before, event)) = way.checked_sub(1).map(|at| ways[at]) {
        events.push(event);
        way = before;
    }
    let mut world = World::<J>::start();
    let mut steps: Vec<Step> = events.into_iter().rev().map(|event| world.apply(event, scenario)).collect();
    steps.extend(world.course(scenario));
    Violation::new(scenario.says(wrong), steps)
}

/// A state on a way that is being followed. Shorter ways come first, and of equal ones the older.
struct Reached<J: Job> {
    switches: u32,
    steps: u32,
    /// Where the way is written down.
    way: usize,
    last: Option<Lane>,
    world: World<J>,
}

impl<J: Job> Reached<J> {
    fn length(&self) -> (u32, u32, usize) {
        (self.switches, self.steps, self.way)
    }
}

impl<J: Job> PartialEq for Reached<J> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<J: Job> Eq for Reached<J> {}

impl<J: Job> PartialOrd for Reached<J> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<J: Job> Ord for Reached<J> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.length().cmp(&other.length())
    }
}
