//! The copy job, killed again and again: whatever the point, the copy ends up identical to its source.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;
use tpchgen::distribution::Distributions;
use tpchgen::generators::OrderGenerator;
use tpchgen::text::TextPool;

const ROWS: usize = 60_000;
const SPLIT_ROWS: usize = 250;
const KILLS: usize = 4;
const SIGKILL: i32 = 9;

/// A row of `orders`, its key first.
type Row = Vec<Value>;

/// A source with TPC-H's orders in it, and a place for its copy.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self { dir: TempDir::new().unwrap() };
        let mut db = Connection::open(files.source()).unwrap();
        let transaction = db.transaction().unwrap();
        // Without a key, so that a row written twice is not refused, and has to be noticed.
        transaction
            .execute_batch(
                "CREATE TABLE orders (o_orderkey INTEGER, o_custkey INTEGER, o_orderstatus TEXT, o_totalprice REAL,
                 o_orderdate TEXT, o_orderpriority TEXT, o_clerk TEXT, o_shippriority INTEGER, o_comment TEXT)",
            )
            .unwrap();
        let mut insert = transaction.prepare("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").unwrap();
        // The default pool of text is 300 MB.
        let distributions = Distributions::static_default();
        let text = TextPool::new(1 << 20, distributions);
        let scale = ROWS as f64 / f64::from(OrderGenerator::SCALE_BASE);
        for order in OrderGenerator::new_with_distributions_and_text_pool(scale, 1, 1, distributions, &text).iter() {
            insert
                .execute((
                    order.o_orderkey,
                    order.o_custkey,
                    order.o_orderstatus.to_string(),
                    order.o_totalprice.as_f64(),
                    order.o_orderdate.to_string(),
                    order.o_orderpriority,
                    order.o_clerk.to_string(),
                    order.o_shippriority,
                    order.o_comment,
                ))
                .unwrap();
        }
        drop(insert);
        transaction.commit().unwrap();
        files
    }

    fn source(&self) -> PathBuf {
        self.dir.path().join("source.db")
    }

    fn copy(&self) -> PathBuf {
        self.dir.path().join("copy.db")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(copy());
        command.arg(self.source()).arg(self.copy()).arg("--split-rows").arg(SPLIT_ROWS.to_string());
        command
    }

    fn finish(&self) {
        let Output { status, stderr, .. } = self.command().output().unwrap();
        assert!(status.success(), "{status}: {}", String::from_utf8_lossy(&stderr));
    }

    /// Kills a copy as soon as it reports a checkpoint, and answers with the number of rows that it said are committed.
    fn kill(&self) -> usize {
        let mut child = self.command().stderr(Stdio::piped()).spawn().unwrap();
        // Lives until the child is dead: a copy that cannot report any more would end by itself.
        let mut reports = BufReader::new(child.stderr.take().unwrap()).lines();
        let report = reports.next().expect("a copy takes at least one checkpoint").unwrap();
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(SIGKILL), "the copy was over before it was killed: {report}");
        let rows = report.split(' ').nth(2).and_then(|rows| rows.parse().ok());
        rows.unwrap_or_else(|| panic!("no report of a checkpoint: {report}"))
    }
}

/// The rows of `orders` as they were written.
fn rows(db: &Path) -> Vec<Row> {
    let db = Connection::open(db).unwrap();
    let mut select = db.prepare("SELECT * FROM orders ORDER BY rowid").unwrap();
    let columns = select.column_count();
    let rows = select.query_map((), |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn checkpoint(db: &Path) -> String {
    let db = Connection::open(db).unwrap();
    db.query_row("SELECT state FROM checkpoint", (), |row| row.get(0)).unwrap()
}

fn key(row: &Row) -> i64 {
    match row[0] {
        Value::Integer(key) => key,
        ref other => panic!("{other:?} is no order key"),
    }
}

/// Holds a copy against its source. Readers may come in any order, so the rows are looked at split by split: each must
/// consist of the same rows in the same order, each once, and there may be no others.
fn compare(source: &[Row], copy: &[Row]) -> Result<(), String> {
    let expected: Vec<&[Row]> = source.chunks(SPLIT_ROWS).collect();
    let mut written: Vec<Vec<&Row>> = vec![Vec::new(); expected.len()];
    for row in copy {
        let split = expected.partition_point(|rows| rows.last().map(key) < Some(key(row)));
        written.get_mut(split).ok_or_else(|| format!("a row of no split: {row:?}"))?.push(row);
    }
    for (split, (expected, written)) in expected.iter().zip(&written).enumerate() {
        let differs = |&at: &usize| expected.get(at) != written.get(at).copied();
        if let Some(at) = (0..expected.len().max(written.len())).find(differs) {
            let (expected, found) = (expected.get(at), written.get(at));
            return Err(format!("split {split}, row {at}: expected {expected:?}, found {found:?}"));
        }
    }
    Ok(())
}

#[test]
fn a_copy_that_is_killed_again_and_again_is_identical_in_the_end() {
    let files = Files::new();
    for _ in 0..KILLS {
        let said = files.kill();
        let there = rows(&files.copy()).len();
        assert!((said..ROWS).contains(&there), "{said} rows were said to be committed, and {there} are there");
    }
    files.finish();

    let source = rows(&files.source());
    assert_eq!(source.len(), ROWS);
    let copy = rows(&files.copy());
    compare(&source, &copy).unwrap();

    // Nothing is left to do, and nothing is done.
    files.finish();
    assert_eq!(rows(&files.copy()), copy);
}

/// The proof that the comparison above can fail: its success hangs on rows and checkpoint being one commit.
#[test]
fn rows_that_the_restored_checkpoint_does_not_know_are_there_twice() {
    let files = Files::new();
    files.kill();
    let early = checkpoint(&files.copy());
    files.finish();
    let copy = Connection::open(files.copy()).unwrap();
    assert_eq!(copy.execute("UPDATE checkpoint SET state = ?", [early]), Ok(1));
    files.finish();

    let (source, copy) = (rows(&files.source()), rows(&files.copy()));
    assert!(copy.len() > source.len());
    compare(&source, &copy).unwrap_err();
}

#[test]
fn the_comparison_sees_a_row_that_is_missing_twice_there_changed_foreign_or_out_of_order() {
    let order = |key: i64| vec![Value::Integer(key), Value::Text(format!("order {key}"))];
    let source: Vec<Row> = (0..3 * SPLIT_ROWS as i64).map(order).collect();
    assert_eq!(compare(&source, &source), Ok(()));

    let mut another_order_of_splits = source.clone();
    another_order_of_splits.rotate_left(SPLIT_ROWS);
    assert_eq!(compare(&source, &another_order_of_splits), Ok(()));

    let wrong = |change: fn(&mut Vec<Row>)| {
        let mut copy = source.clone();
        change(&mut copy);
        compare(&source, &copy).unwrap_err();
    };
    wrong(|copy| drop(copy.remove(SPLIT_ROWS)));
    wrong(|copy| drop(copy.pop()));
    wrong(|copy| copy.push(copy[SPLIT_ROWS].clone()));
    wrong(|copy| copy[SPLIT_ROWS][1] = Value::Null);
    wrong(|copy| copy.push(vec![Value::Integer(i64::MAX), Value::Null]));
    wrong(|copy| copy.swap(SPLIT_ROWS, SPLIT_ROWS + 1));
}

#[test]
fn a_copy_that_cannot_be_made_says_why() {
    let files = Files::new();
    let says = |command: &mut Command, code: i32, reason: &str| {
        let Output { status, stderr, .. } = command.output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(reason), "{stderr}");
    };
    says(files.command().arg("--readers=0"), 2, "--readers");
    says(files.command().arg("--split-rows=0"), 2, "--split-rows");

    let nowhere = files.dir.path().join("nowhere.db");
    says(Command::new(copy()).args([&nowhere, &files.copy()]), 1, "cannot read ");
    assert!(!nowhere.exists(), "reading leaves no file behind");
    says(Command::new(copy()).args([&files.source(), files.dir.path()]), 1, "cannot write ");
    says(Command::new(copy()).args([&files.source(), &files.source()]), 1, "already exists");

    files.finish();
    says(files.command().arg("--readers=2"), 1, "begun with --readers 3");
    fs::write(files.copy(), "no database").unwrap();
    says(&mut files.command(), 1, "not a database");
}

/// The job, which `cargo test` has built beside this test.
fn copy() -> PathBuf {
    let test = std::env::current_exe().expect("this test is a file");
    let built = test.ancestors().nth(2).expect("in a folder of the target directory").join("examples/copy");
    assert!(built.exists(), "build it first: cargo build --package turnstile-tests --example copy");
    built
}
