//! A job at one instant, and what can happen next: the enumerator, its readers, the network between them, the coordinator of
//! checkpoints, and a sink that takes back what was read behind the checkpoint that a reader starts from.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use derive_where::derive_where;

use super::scenario::{Network, Scenario, Wrong};
use super::{Enumerator, EnumeratorContext, Job, READERS, Reader, ReaderContext};
use crate::engine::caught;
use crate::journal::{Lane, Split, Step, set};

type Plan<J> = <<J as Job>::Enumerator as Enumerator<<J as Job>::Order, <J as Job>::Report>>::Plan;
type Part<J> = <<J as Job>::Reader as Reader<<J as Job>::Order, <J as Job>::Report>>::Part;

/// A reader's place in the job: its incarnation, its connection, and what it has put into the sink.
#[derive_where(Clone, PartialEq, Eq, Hash)]
struct Seat<J: Job> {
    attempt: u64,
    /// `None` until it starts, and when it has crashed.
    reader: Option<J::Reader>,
    finished: bool,
    output: Vec<Split>,
    orders: Vec<J::Order>,
    reports: Vec<J::Report>,
}

impl<J: Job> Seat<J> {
    const EMPTY: Self =
        Self { attempt: 0, reader: None, finished: false, output: Vec::new(), orders: Vec::new(), reports: Vec::new() };

    fn runs(&self) -> bool {
        self.reader.is_some() && !self.finished
    }

    /// The incarnation is gone, its connection with it, and the sink goes back to what the checkpoint holds.
    fn crash(&mut self, held: Option<&Held<J>>) {
        *self = Self { attempt: self.attempt, ..Self::EMPTY };
        if let Some(held) = held {
            self.output.clone_from(&held.output);
        }
    }
}

/// What a checkpoint holds of a reader.
#[derive_where(Clone, PartialEq, Eq, Hash)]
struct Held<J: Job> {
    part: Part<J>,
    finished: bool,
    output: Vec<Split>,
}

/// One that is under way, or complete.
#[derive_where(Clone, PartialEq, Eq, Hash)]
struct Checkpoint<J: Job> {
    id: u64,
    plan: Plan<J>,
    held: [Option<Held<J>>; READERS],
}

/// What the enumerator has yet to hear of a checkpoint.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Notice {
    Completed(u64),
    Aborted(u64),
}

/// A message that comes again.
#[derive_where(Clone, PartialEq, Eq, Hash)]
enum Packet<J: Job> {
    Order(usize, J::Order),
    Report(usize, J::Report),
}

/// A job at one instant.
#[derive_where(Clone, PartialEq, Eq, Hash)]
pub(super) struct World<J: Job> {
    enumerator: J::Enumerator,
    /// So many batches were discovered since the enumerator started.
    discovered: usize,
    seats: [Seat<J>; READERS],
    copies: Vec<Packet<J>>,
    under_way: Option<Checkpoint<J>>,
    stored: Option<Arc<Checkpoint<J>>>,
    notices: Vec<Notice>,
    checkpoints: u64,
    reader_crashes: u8,
    enumerator_crashes: u8,
    faults: u8,
    failure: Option<String>,
}

/// Where a message arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    Reader(usize),
    /// What this reader has sent.
    EnumeratorFrom(usize),
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Discover,
    Start(usize),
    Deliver(To),
    Lose(To),
    /// A copy of the message stays under way.
    Copy(To),
    /// That copy arrives.
    Again(usize),
    Poll(usize),
    CutEnumerator,
    CutReader(usize),
    Complete,
    Tell,
    CrashReader(usize),
    CrashEnumerator,
    RemindEnumerator,
    RemindReader(usize),
}
use Event::*;

/// A job that does not end in so many rounds never does: a split takes a few.
const ROUNDS: usize = 100;

impl<J: Job> World<J> {
    /// Nothing has happened, and nobody runs but the enumerator.
    pub(super) fn start() -> Self {
        Self {
            enumerator: J::Enumerator::start(0),
            discovered: 0,
            seats: [Seat::EMPTY; READERS],
            copies: Vec::new(),
            under_way: None,
            stored: None,
            notices: Vec::new(),
            checkpoints: 0,
            reader_crashes: 0,
            enumerator_crashes: 0,
            faults: 0,
            failure: None,
        }
    }

    /// Have all readers finished? Then the job has.
    fn is_over(&self) -> bool {
        self.seats.iter().all(|seat| seat.finished)
    }

    fn ends() -> impl Iterator<Item = To> {
        (0..READERS).map(To::Reader).chain((0..READERS).map(To::EnumeratorFrom))
    }

    fn is_under_way(&self, to: To) -> bool {
        match to {
            To::Reader(id) => !self.seats[id].orders.is_empty(),
            To::EnumeratorFrom(id) => !self.seats[id].reports.is_empty(),
        }
    }

    /// Is there nothing that somebody will hear soon?
    fn is_quiet(&self) -> bool {
        self.notices.is_empty() && Self::ends().all(|to| !self.is_under_way(to))
    }

    /// Everything that can happen now.
    pub(super) fn events(&self, scenario: &Scenario) -> Vec<Event> {
        let mut events = Vec::new();
        if self.is_over() || self.failure.is_some() {
            return events;
        }
        if self.discovered < scenario.discoveries.len() {
            events.push(Discover);
        }
        for to in Self::ends().filter(|to| self.is_under_way(*to)) {
            events.push(Deliver(to));
            if self.faults < scenario.faults {
                events.push(if scenario.network == Network::Loses { Lose(to) } else { Copy(to) });
            }
        }
        events.extend((0..self.copies.len()).map(Again));
        let is_quiet = self.is_quiet();
        for (id, seat) in self.seats.iter().enumerate() {
            if seat.reader.is_none() {
                events.push(Start(id));
            } else if seat.runs() {
                events.push(Poll(id));
                if is_quiet {
                    events.push(RemindReader(id));
                }
                if self.reader_crashes < scenario.reader_crashes {
                    events.push(CrashReader(id));
                }
            }
        }
        if is_quiet {
            events.push(RemindEnumerator);
        }
        match &self.under_way {
            None if self.checkpoints < scenario.checkpoints && self.seats.iter().all(|seat| seat.reader.is_some()) => {
                events.push(CutEnumerator);
            }
            None => {}
            Some(checkpoint) => {
                events.extend((0..READERS).filter(|id| checkpoint.held[*id].is_none()).map(CutReader));
                if checkpoint.held.iter().all(Option::is_some) {
                    events.push(Complete);
                }
            }
        }
        if !self.notices.is_empty() {
            events.push(Tell);
        }
        if self.enumerator_crashes < scenario.enumerator_crashes {
            events.push(CrashEnumerator);
        }
        events
    }

    /// Does it, and says what it was.
    pub(super) fn apply(&mut self, event: Event, scenario: &Scenario) -> Step {
        let coordinator = |text: String| Step { lane: Lane::Coordinator, text };
        match event {
            Discover => {
                let splits = scenario.discoveries[self.discovered];
                self.discovered += 1;
                let all = self.discovered == scenario.discoveries.len();
                let and = if all { ", and that there are no more" } else { "" };
                self.enumerate(format!("discovers {}{and}", set(splits)), |it, context| {
                    it.discover(splits, all, context)
                })
            }
            Start(id) => self.start_reader(id),
            Deliver(to) => match to {
                To::Reader(id) => {
                    let order = self.seats[id].orders.remove(0);
                    self.receive(id, order, "receives")
                }
                To::EnumeratorFrom(id) => {
                    let report = self.seats[id].reports.remove(0);
                    self.hear(id, report, "hears")
                }
            },
            Lose(to) => {
                self.faults += 1;
                match to {
                    To::Reader(id) => {
                        let order = self.seats[id].orders.remove(0);
                        Step { lane: Lane::READERS[id], text: format!("never receives: {order}") }
                    }
                    To::EnumeratorFrom(id) => {
                        let report = self.seats[id].reports.remove(0);
                        Step { lane: Lane::Enumerator, text: format!("never hears from reader {id}: {report}") }
                    }
                }
            }
            Copy(to) => {
                self.faults += 1;
                let (copy, step) = match to {
                    To::Reader(id) => {
                        let order = self.seats[id].orders[0].clone();
                        let text = format!("under way twice: {order}");
                        (Packet::Order(id, order), Step { lane: Lane::READERS[id], text })
                    }
                    To::EnumeratorFrom(id) => {
                        let report = self.seats[id].reports[0].clone();
                        let text = format!("under way twice, from reader {id}: {report}");
                        (Packet::Report(id, report), Step { lane: Lane::Enumerator, text })
                    }
                };
                self.copies.push(copy);
                step
            }
            Again(n) => match self.copies.remove(n) {
                Packet::Order(id, order) => self.receive(id, order, "receives the other one"),
                Packet::Report(id, report) => self.hear(id, report, "hears the other one"),
            },
            Poll(id) => self.run(id, "polls".into(), |reader, context| reader.poll(context)),
            CutEnumerator => {
                self.checkpoints += 1;
                let id = self.checkpoints;
                let mut plan = None;
                let step = self.enumerate(format!("takes its part of checkpoint {id}"), |it, context| {
                    plan = Some(it.cut(id, context));
                });
                self.under_way = plan.map(|plan| Checkpoint { id, plan, held: [const { None }; READERS] });
                step
            }
            CutReader(id) => self.cut_reader(id),
            Complete => {
                let Some(checkpoint) = self.under_way.take() else { unreachable!("one is under way") };
                self.notices.push(Notice::Completed(checkpoint.id));
                let text = format!("checkpoint {} is complete", checkpoint.id);
                self.stored = Some(Arc::new(checkpoint));
                coordinator(text)
            }
            Tell => match self.notices.remove(0) {
                Notice::Completed(id) => {
                    self.enumerate(format!("hears that checkpoint {id} is complete"), |it, context| {
                        it.completed(id, context);
                    })
                }
                Notice::Aborted(id) => {
                    self.enumerate(format!("hears that checkpoint {id} was given up"), |it, context| {
                        it.aborted(id, context);
                    })
                }
            },
            CrashReader(id) => {
                self.reader_crashes += 1;
                let Seat { orders, reports, .. } = &self.seats[id];
                let orders = orders.iter().map(|order| format!("; lost: {order}"));
                let lost: String = orders.chain(reports.iter().map(|report| format!("; lost: {report}"))).collect();
                let held = self.stored.as_ref().and_then(|stored| stored.held[id].as_ref());
                self.seats[id].crash(held);
                if let Some(aborted) = self.under_way.take() {
                    self.notices.push(Notice::Aborted(aborted.id));
                }
                let restored_from = self.stored.as_ref().map(|stored| stored.id);
                let step = self.enumerate(String::new(), |it, context| it.reader_failed(id, restored_from, context));
                let text = if step.text.is_empty() { String::new() } else { format!("; the enumerator {}", step.text) };
                Step { lane: Lane::READERS[id], text: format!("crashes{lost}{text}") }
            }
            CrashEnumerator => {
                self.enumerator_crashes += 1;
                let newest = self.seats.iter().map(|seat| seat.attempt).max().unwrap_or(0);
                let stored = self.stored.clone();
                for (id, seat) in self.seats.iter_mut().enumerate() {
                    seat.attempt = newest;
                    seat.crash(stored.as_ref().and_then(|stored| stored.held[id].as_ref()));
                }
                (self.under_way, self.discovered) = (None, 0);
                self.notices.clear();
                self.enumerator = match &stored {
                    Some(stored) => J::Enumerator::restore(&stored.plan, newest),
                    None => J::Enumerator::start(newest),
                };
                let from = stored.map_or("nothing".into(), |stored| format!("checkpoint {}", stored.id));
                Step {
                    lane: Lane::Enumerator,
                    text: format!("crashes, and the readers with it; starts again from {from}"),
                }
            }
            RemindEnumerator => self.enumerate("waits a while".into(), |it, context| it.remind(context)),
            RemindReader(id) => self.run(id, "waits a while".into(), |reader, context| {
                reader.remind(context);
                false
            }),
        }
    }

    /// One call of the enumerator.
    fn enumerate(
        &mut self,
        what: String,
        call: impl FnOnce(&mut J::Enumerator, &mut EnumeratorContext<J::Order>),
    ) -> Step {
        let mut context = EnumeratorContext::new();
        let panicked = caught(|| call(&mut self.enumerator, &mut context));
        self.failed([context.failure, panicked]);
        for (id, order) in context.orders {
            if self.seats[id].runs() {
                self.seats[id].orders.push(order);
            } else {
                let why = if self.seats[id].finished { "has finished" } else { "does not run" };
                context.text.push(format!("reader {id} {why}: it is gone"));
            }
        }
        let text =
            [what].into_iter().chain(context.text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
        Step { lane: Lane::Enumerator, text }
    }

    /// The first thing to fail counts.
    fn failed(&mut self, [why, panic]: [Option<String>; 2]) {
        let panic = panic.map(|message| format!("it panicked: {message}"));
        self.failure = self.failure.take().or(why).or(panic);
    }

    fn hear(&mut self, id: usize, report: J::Report, how: &str) -> Step {
        self.enumerate(format!("{how} from reader {id}: {report}"), |it, context| it.hear(id, report, context))
    }

    /// One call of a reader that runs.
    fn run(
        &mut self,
        id: usize,
        what: String,
        call: impl FnOnce(&mut J::Reader, &mut ReaderContext<J::Report>) -> bool,
    ) -> Step {
        let mut context = ReaderContext::new();
        let Seat { reader, finished, .. } = &mut self.seats[id];
        if let Some(reader) = reader {
            let panicked = caught(|| *finished |= call(reader, &mut context));
            self.failed([None, panicked]);
        }
        self.take(id, what, context)
    }

    /// What a reader has done beside changing itself.
    fn take(&mut self, id: usize, what: String, context: ReaderContext<J::Report>) -> Step {
        let ReaderContext { reports, read, mut text, failure } = context;
        let seat = &mut self.seats[id];
        seat.output.extend(read);
        seat.reports.extend(reports);
        if seat.finished {
            text.push("has finished".into());
        }
        self.failed([failure, None]);
        let text = [what].into_iter().chain(text).collect::<Vec<_>>().join("; ");
        Step { lane: Lane::READERS[id], text }
    }

    fn receive(&mut self, id: usize, order: J::Order, how: &str) -> Step {
        if !self.seats[id].runs() {
            return Step { lane: Lane::READERS[id], text: format!("does not run, and misses: {order}") };
        }
        self.run(id, format!("{how}: {order}"), |reader, context| {
            reader.receive(order, context);
            false
        })
    }

    fn start_reader(&mut self, id: usize) -> Step {
        let mut context = ReaderContext::new();
        let stored = self.stored.clone();
        let seat = &mut self.seats[id];
        seat.attempt += 1;
        let attempt = seat.attempt;
        let held = stored.as_ref().and_then(|stored| Some((stored.id, stored.held[id].as_ref()?)));
        let what = match held {
            None => {
                seat.reader = Some(J::Reader::start(id, attempt, &mut context));
                "starts".to_string()
            }
            Some((checkpoint, held)) => {
                seat.reader = Some(J::Reader::restore(id, attempt, checkpoint, &held.part, &mut context));
                seat.finished = held.finished;
                format!("starts again from checkpoint {checkpoint}")
            }
        };
        self.take(id, what, context)
    }

    fn cut_reader(&mut self, id: usize) -> Step {
        let Some(mut checkpoint) = self.under_way.take() else { unreachable!("one is under way") };
        let mut part = None;
        let number = checkpoint.id;
        let step = self.run(id, format!("takes its part of checkpoint {number}"), |reader, context| {
            part = Some(reader.cut(number, context));
            false
        });
        let Seat { finished, output, .. } = &self.seats[id];
        checkpoint.held[id] = part.map(|part| Held { part, finished: *finished, output: output.clone() });
        self.under_way = Some(checkpoint);
        step
    }

    /// What is wrong now, whatever comes.
    fn is_wrong(&self, scenario: &Scenario) -> Option<Wrong> {
        if let Some(failure) = &self.failure {
            return Some(Wrong::Failed(failure.clone()));
        }
        let read: Vec<Split> = self.seats.iter().flat_map(|seat| seat.output.iter().copied()).collect();
        let times = |split: Split| read.iter().filter(|other| **other == split).count();
        if let Some(split) = read.iter().find(|split| times(**split) > 1) {
            return Some(Wrong::Twice(*split));
        }
        let is_there = |split: &Split| scenario.discoveries.iter().any(|splits| splits.contains(split));
        if let Some(split) = read.iter().find(|split| !is_there(split)) {
            return Some(Wrong::Strange(*split));
        }
        let missing = self.missing(scenario);
        (self.is_over() && !missing.is_empty()).then_some(Wrong::Lost(missing))
    }

    fn missing(&self, scenario: &Scenario) -> Vec<Split> {
        let read = |split: &Split| self.seats.iter().any(|seat| seat.output.contains(split));
        scenario.discoveries.iter().copied().flatten().copied().filter(|split| !read(split)).collect()
    }

    /// What goes wrong from here although nothing bad happens any more: all messages arrive, readers that are down start again, and
    /// everybody gets to do what it can. States from which it does not are `fine`, and remembered.
    pub(super) fn goes_wrong(&self, scenario: &Scenario, fine: &mut HashSet<u64>) -> Option<Wrong> {
        let (mut world, mut passed) = (self.clone(), Vec::new());
        loop {
            let here = world.fingerprint();
            if fine.contains(&here) {
                break;
            }
            passed.push(here);
            for event in world.round(scenario) {
                if let Some(wrong) = world.is_wrong(scenario) {
                    return Some(wrong);
                }
                if world.can(event, scenario) {
                    world.apply(event, scenario);
                }
            }
            if passed.contains(&world.fingerprint()) || passed.len() == ROUNDS {
                // Round and round, or at rest.
                match (world.is_wrong(scenario), world.is_over(), world.missing(scenario)) {
                    (Some(wrong), ..) => return Some(wrong),
                    (None, true, _) => break,
                    (None, false, missing) if missing.is_empty() => return Some(Wrong::Endless),
                    (None, false, missing) => return Some(Wrong::Parked(missing)),
                }
            }
        }
        fine.extend(passed);
        None
    }

    /// The steps of the same.
    pub(super) fn course(&self, scenario: &Scenario) -> Vec<Step> {
        let (mut world, mut passed, mut steps) = (self.clone(), Vec::new(), Vec::new());
        while !passed.contains(&world.fingerprint()) && passed.len() < ROUNDS {
            passed.push(world.fingerprint());
            for event in world.round(scenario) {
                if world.is_wrong(scenario).is_some() {
                    return steps;
                }
                if world.can(event, scenario) {
                    let before = world.fingerprint();
                    let step = world.apply(event, scenario);
                    if world.fingerprint() != before {
                        steps.push(step);
                    }
                }
            }
        }
        steps
    }

    /// May it happen when nothing bad does?
    fn can(&self, event: Event, scenario: &Scenario) -> bool {
        match event {
            Discover => self.discovered < scenario.discoveries.len(),
            Start(id) => self.seats[id].reader.is_none(),
            Deliver(to) => self.is_under_way(to),
            Poll(id) | RemindReader(id) => self.seats[id].runs(),
            CutReader(id) => self.under_way.as_ref().is_some_and(|checkpoint| checkpoint.held[id].is_none()),
            Complete => self.under_way.as_ref().is_some_and(|checkpoint| checkpoint.held.iter().all(Option::is_some)),
            Tell => !self.notices.is_empty(),
            RemindEnumerator => true,
            Again(_) | Lose(_) | Copy(_) | CutEnumerator | CrashReader(_) | CrashEnumerator => false,
        }
    }

    /// Stands for the whole state.
    pub(super) fn fingerprint(&self) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(self)
    }

    /// What happens in one round of a job in which nothing bad happens, as far as it can.
    fn round(&self, scenario: &Scenario) -> Vec<Event> {
        let mut events = Vec::new();
        if self.is_quiet() {
            events.extend([RemindEnumerator, RemindReader(0), RemindReader(1)]);
        }
        events.extend(vec![Discover; scenario.discoveries.len()]);
        events.extend((0..READERS).map(Start));
        for id in 0..READERS {
            events.extend(vec![Deliver(To::EnumeratorFrom(id)); self.seats[id].reports.len().max(1)]);
        }
        events.extend([Tell, Tell]);
        for id in 0..READERS {
            events.extend(vec![Deliver(To::Reader(id)); self.seats[id].orders.len().max(2)]);
            events.push(Poll(id));
        }
        if self.under_way.is_some() {
            events.extend([CutReader(0), CutReader(1), Complete]);
        }
        events
    }
}
