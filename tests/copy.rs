//! Copies the table `orders` of one SQLite file into another, with several readers. Killed at any point, the same
//! command goes on where the last commit was, and each row arrives exactly once.
//!
//! Exactly once, because the sink is transactional: rows, and the checkpoint that knows them, are one commit. A crash
//! takes both back together, so there is no row that the restored readers would read again, and none that they skip.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;
use std::{iter, panic, process, thread};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params_from_iter};
use serde::{Deserialize, Serialize};
use turnstile::{CheckpointId, Refused, Snapshot, blocking};

/// How many splits a reader holds, the one that it reads included.
const QUEUE: usize = 8;
/// How many splits are assigned at a time.
const BATCH: usize = 4;
const BETWEEN_CHECKPOINTS: Duration = Duration::from_millis(10);

type Reader = blocking::Reader<[Split; QUEUE]>;

/// Copies the table `orders` from one SQLite file into another, exactly once, whatever happens on the way.
#[derive(Parser)]
struct Args {
    /// The file to read
    source: PathBuf,
    /// The file to write; one that an unfinished copy has left is continued
    target: PathBuf,
    /// How many readers share the work
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    readers: u16,
    /// How many rows make a split
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    split_rows: u32,
}

/// Row ids from `first` to `last`. At position p of it, the rows before id `first + p` are written.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Split {
    first: i64,
    last: i64,
}

/// One instant of the whole job, and all that a restart needs.
#[derive(Serialize, Deserialize)]
struct Checkpoint {
    id: u64,
    unassigned: Unassigned,
    readers: Vec<Snapshot<Vec<Split>>>,
    rows: u64,
}

/// What no reader has heard of yet.
#[derive(Clone, Serialize, Deserialize)]
struct Unassigned {
    /// A batch that is cut and found no room so far.
    held_back: Vec<Split>,
    /// Row ids from here on are in no split.
    uncut: i64,
}

/// Cuts the table into splits, one batch ahead of the readers.
struct Enumerator {
    source: Connection,
    split_rows: u32,
    unassigned: Unassigned,
    turn: usize,
}

impl Enumerator {
    /// Has a batch ready, unless the table is used up.
    fn cut(&mut self) -> Result<()> {
        let mut next_split = self.source.prepare_cached(
            "SELECT min(id), max(id) FROM (SELECT rowid AS id FROM orders WHERE rowid >= ? ORDER BY rowid LIMIT ?)",
        )?;
        let Unassigned { held_back, uncut } = &mut self.unassigned;
        while held_back.len() < BATCH {
            let ids: (Option<i64>, Option<i64>) =
                next_split.query_row((*uncut, self.split_rows), |row| row.try_into())?;
            let (Some(first), Some(last)) = ids else { break };
            held_back.push(Split { first, last });
            *uncut = last + 1;
        }
        Ok(())
    }
}

/// The target. A transaction is always open, and ends only together with a checkpoint.
struct Sink {
    target: Connection,
    insert: String,
    rows: u64,
    checkpoints: u64,
}

impl Sink {
    /// Opens the target, and finds out how it was left.
    fn open(target: &Path, source: &Connection) -> Result<(Self, Option<Checkpoint>)> {
        let target = Connection::open(target)?;
        target.execute_batch(
            "BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS checkpoint (id INTEGER PRIMARY KEY, state TEXT NOT NULL)",
        )?;
        let state = target.query_row("SELECT state FROM checkpoint", (), |row| row.get::<_, String>(0)).optional()?;
        let checkpoint: Option<Checkpoint> = state.as_deref().map(serde_json::from_str).transpose()?;
        if checkpoint.is_none() {
            let schema = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'orders'";
            target.execute_batch(&source.query_row(schema, (), |row| row.get::<_, String>(0))?)?;
        }
        let columns = source.prepare("SELECT * FROM orders")?.column_count();
        let insert = format!("INSERT INTO orders VALUES ({})", vec!["?"; columns].join(", "));
        let (checkpoints, rows) = checkpoint.as_ref().map_or((0, 0), |last| (last.id, last.rows));
        Ok((Self { target, insert, rows, checkpoints }, checkpoint))
    }

    /// Writes a row, of which the first column is the id in the source.
    fn insert(&mut self, row: &Row) -> Result<()> {
        let values = (1..row.as_ref().column_count()).map(|column| ToSqlOutput::Borrowed(row.get_ref_unwrap(column)));
        self.target.prepare_cached(&self.insert)?.execute(params_from_iter(values))?;
        self.rows += 1;
        Ok(())
    }

    /// Makes the checkpoint and the rows before it durable, in one step.
    fn commit(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        let state = serde_json::to_string(checkpoint)?;
        self.target.execute("INSERT OR REPLACE INTO checkpoint VALUES (1, ?)", [state])?;
        self.target.execute_batch("COMMIT; BEGIN IMMEDIATE")?;
        self.checkpoints = checkpoint.id;
        Ok(())
    }
}

/// What the threads of the job share.
struct Job {
    enumerator: Mutex<Enumerator>,
    readers: Vec<Reader>,
    sink: Mutex<Sink>,
    total: i64,
}

impl Job {
    /// Starts, or goes on where the target was left.
    fn open(args: &Args) -> Result<Self> {
        let readers = usize::from(args.readers);
        let in_source = || format!("cannot read {}", args.source.display());
        let source = open(&args.source).with_context(in_source)?;
        let total = source.query_row("SELECT count(*) FROM orders", (), |row| row.get(0)).with_context(in_source)?;
        let (sink, checkpoint) =
            Sink::open(&args.target, &source).with_context(|| format!("cannot write {}", args.target.display()))?;
        let (unassigned, readers) = match checkpoint {
            None => {
                let unassigned = Unassigned { held_back: Vec::new(), uncut: i64::MIN };
                (unassigned, (0..readers).map(|_| Reader::new(turnstile::Reader::new())).collect())
            }
            Some(Checkpoint { unassigned, readers: snapshots, .. }) => {
                let before = snapshots.len();
                ensure!(before == readers, "this copy was begun with --readers {before}: continue it with as many");
                let restore = |snapshot| Ok(Reader::new(turnstile::Reader::restore(snapshot)?));
                (unassigned, snapshots.into_iter().map(restore).collect::<Result<_>>()?)
            }
        };
        let enumerator = Enumerator { source, split_rows: args.split_rows, unassigned, turn: 0 };
        Ok(Self { enumerator: Mutex::new(enumerator), readers, sink: Mutex::new(sink), total })
    }

    /// Assigns batches, reader by reader, until nobody has room or nothing is left.
    fn assign(&self) -> Result<()> {
        let mut enumerator = self.enumerator.lock().unwrap();
        let mut full = 0;
        while full < self.readers.len() {
            enumerator.cut()?;
            let Enumerator { unassigned: Unassigned { held_back: batch, .. }, turn, .. } = &mut *enumerator;
            if batch.is_empty() {
                self.readers.iter().for_each(Reader::signal_no_more_splits);
                break;
            }
            match self.readers[*turn % self.readers.len()].assign(batch) {
                Ok(()) => full = 0,
                Err(Refused::Full(_)) => full += 1, // the batch is still there, for the next one
                Err(refused) => bail!("an assignment was refused: {refused}"),
            }
            *turn += 1;
        }
        Ok(())
    }

    /// Cuts through everything at one instant: while this runs nothing is assigned and no row is written.
    fn checkpoint(&self) -> Result<()> {
        let enumerator = self.enumerator.lock().unwrap();
        let id = self.sink.lock().unwrap().checkpoints + 1;
        let cuts: Vec<_> = self.readers.iter().map(|reader| reader.checkpoint(CheckpointId(id))).collect();
        let mut sink = self.sink.lock().unwrap();
        let (unassigned, readers) = (enumerator.unassigned.clone(), cuts.iter().map(|cut| cut.snapshot()).collect());
        let rows = sink.rows;
        sink.commit(&Checkpoint { id, unassigned, readers, rows })?;
        eprintln!("checkpoint {id}: {rows} of {} rows", self.total);
        Ok(())
    }

    /// What the checkpoint thread does, and once more when all rows are written.
    fn take_checkpoints(&self, stop: &Receiver<()>) -> Result<()> {
        while stop.recv_timeout(BETWEEN_CHECKPOINTS) == Err(RecvTimeoutError::Timeout) {
            self.checkpoint()?;
        }
        self.checkpoint()
    }

    /// What a reader's thread does.
    fn read(&self, reader: &Reader, source: &Path, completed: &Sender<()>) -> Result<()> {
        let source = open(source)?;
        let mut select = source.prepare("SELECT rowid, * FROM orders WHERE rowid BETWEEN ? AND ? ORDER BY rowid")?;
        let mut poller = reader.poller()?;
        while let Some(mut lease) = poller.next() {
            let Split { first, last } = *lease.split();
            let mut rows = select.query((first.saturating_add_unsigned(lease.position()), last))?;
            while let Some(row) = rows.next()? {
                let position = row.get::<_, i64>(0)?.abs_diff(first) + 1;
                self.sink.lock().unwrap().insert(row)?;
                lease.advance(position); // nothing between the row and this may fail
            }
            lease.complete();
            completed.send(())?;
        }
        Ok(())
    }
}

fn open(source: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(source, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Does a part of the job. If it fails, the process ends here and now: the last commit is where the next one goes on.
fn or_exit<T>(part: impl FnOnce() -> Result<T>) -> T {
    part().unwrap_or_else(|error| {
        eprintln!("copy: {error:#}");
        process::exit(1)
    })
}

fn main() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        report(panic);
        process::exit(101) // as any failure: the other threads would wait for this one
    }));

    let args = Args::parse();
    let job = or_exit(|| Job::open(&args));
    thread::scope(|scope| {
        let (stop, stopped) = mpsc::channel();
        let (completed, completions) = mpsc::channel();
        let (job, source) = (&job, &*args.source);
        for reader in &job.readers {
            let completed = completed.clone();
            scope.spawn(move || or_exit(|| job.read(reader, source, &completed)));
        }
        drop(completed);
        scope.spawn(move || or_exit(|| job.take_checkpoints(&stopped)));
        // The enumerator tries again whenever there is room somewhere, until all readers are gone.
        or_exit(|| iter::once(()).chain(completions).try_for_each(|()| job.assign()));
        drop(stop);
    });
}
