import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Hammers the reader of docs/adopting.md: one small job after another, each with a poller, a checkpoint thread and up to four delivery
 * threads, and with readers that are killed and restored. `Driver SECONDS WATCHDOG SEED`, the watchdog in milliseconds: exits with 1 and a
 * line `violated: ...` at the first thing that is wrong, with 2 if something that can go wrong did not happen at all. `Driver table` prints
 * the decision as docs/states.md shows it.
 */
public final class Driver {
    record Split(int number, int rows) {}

    /** What a reader emits: the rows of a split, from 0 on, and behind the last one, when it completes it, one more. */
    record Row(Split split, long row) {}

    /** A completed checkpoint: of the reader, and how much of the output lies before its barrier. */
    record Stored(long id, Reader.Snapshot<Split> snapshot, int rows) {}

    /** An entry that was applied, and the enumerator's cut that it lies behind. */
    record Applied(long sequence, long behind) {}

    enum Delivery { BATCHES, BATCHES_AND_AN_EARLY_END, MESSAGES }

    static final class Violated extends RuntimeException {
        private static final long serialVersionUID = 1;

        Violated(String what) {
            super(what);
        }
    }

    private static final ExecutorService THREADS = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    });

    private static final Map<String, AtomicLong> COUNTS = new ConcurrentHashMap<>();
    private static final List<String> MUST_HAPPEN = List.of("kills", "shutdowns", "cuts by the poller", "cuts by the checkpoint thread",
            "cuts while the poller is away", "waits", "refusals", "gaps", "early entries");
    private static volatile Violated first;
    private static long watchdog;

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("table")) {
            table();
            return;
        }
        watchdog = Long.parseLong(arguments[1]);
        Random random = new Random(Long.parseLong(arguments[2]));
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[0]));
        try {
            refusesMisuse();
            do {
                new Job(random.nextLong()).run();
                count("jobs");
            } while (System.nanoTime() < end);
        } catch (Violated violated) {
            System.out.println("violated: " + first.getMessage());
            System.exit(1);
        }
        boolean all = COUNTS.keySet().containsAll(MUST_HAPPEN);
        System.out.println((all ? "held: " : "too short to show anything: ") + COUNTS);
        if (!all) System.exit(2);
    }

    private static void refusesMisuse() {
        Reader<Integer> reader = new Reader<>(2, 1);
        reader.assign(List.of(1, 2));
        throwing("a snapshot that does not fit", () -> new Reader<>(1, 2, 1, reader.cut(1)));
        throwing("a row without the seat", () -> reader.advance(1));
        throwing("a completion without the seat", () -> reader.complete(1));
        reader.poll();
        throwing("the completion of another split", () -> reader.complete(2));
        throwing("a second cut of a checkpoint", () -> reader.cut(1));
        throwing("a second request for a checkpoint", () -> reader.checkpoint(1));
    }

    private static void throwing(String what, Runnable misuse) {
        try {
            misuse.run();
        } catch (IllegalArgumentException | IllegalStateException refused) {
            return;
        }
        check(false, "%s is not refused", what);
    }

    private static void table() {
        for (Decision.Lent lent : Decision.Lent.values())
            for (boolean asked : new boolean[] {false, true})
                for (Decision.Queue queue : Decision.Queue.values())
                    System.out.printf("| %s | %s | %s | %s | %s |%n", lent, asked ? "yes" : "no", queue,
                            Decision.decide(false, lent, asked, queue), Decision.decide(true, lent, asked, queue));
    }

    private static void count(String what) {
        COUNTS.computeIfAbsent(what, ignored -> new AtomicLong()).incrementAndGet();
    }

    private static void check(boolean holds, String what, Object... values) {
        if (!holds) throw violated(String.format(what, values));
    }

    /** The first one counts: what others report then are consequences. */
    private static synchronized Violated violated(String what) {
        if (first == null) first = new Violated(what);
        return first;
    }

    private static <T> Future<T> start(String who, Callable<T> task) {
        return THREADS.submit(() -> {
            try {
                return task.call();
            } catch (Throwable thrown) {
                throw thrown instanceof Violated ? first : violated(who + " has failed: " + thrown + " at " + thrown.getStackTrace()[0]);
            }
        });
    }

    private static <T> T join(Future<T> task, String who) throws InterruptedException {
        try {
            return task.get(4 * watchdog, TimeUnit.MILLISECONDS);
        } catch (TimeoutException hangs) {
            throw violated(who + " hangs");
        } catch (ExecutionException failed) {
            throw first;
        }
    }

    private static void pause(Random random) throws InterruptedException {
        int what = random.nextInt(200);
        if (what == 0) Thread.sleep(1);
        else if (what < 40) Thread.yield();
        else for (int spin = random.nextInt(200); spin > 0; spin--) Thread.onSpinWait();
    }

    /** A table of splits, read by one reader after another until one has finished. */
    private static final class Job {
        final Random random;
        final Delivery delivery;
        final int capacity;
        final boolean mayShutDown;
        final List<Split> table = new ArrayList<>();
        // The sink and the coordinator: what lies behind the last completed checkpoint is rolled back.
        final List<Row> output = Collections.synchronizedList(new ArrayList<>());
        Stored stored = new Stored(0, new Reader.Snapshot<>(List.of(), 0, 0, false), 0);
        volatile long newest;

        Job(long seed) {
            random = new Random(seed);
            delivery = Delivery.values()[random.nextInt(3)];
            capacity = 1 + random.nextInt(5);
            mayShutDown = random.nextInt(8) == 0;
            for (int number = random.nextInt(9); number > 0; number--) table.add(new Split(table.size(), random.nextInt(5)));
        }

        void run() throws InterruptedException {
            for (long attempt = 1; !new Life(this, attempt).isLast(); attempt++) {
                count("kills");
                output.subList(stored.rows(), output.size()).clear();
            }
        }

        static Set<Split> completed(List<Row> rows) {
            Set<Split> completed = new HashSet<>();
            for (Row row : rows) if (row.row() == row.split().rows()) completed.add(row.split());
            return completed;
        }

        /** What is emitted and what is left are the rows of `splits`, each once, in order. */
        void balance(String when, List<Row> emitted, Reader.Snapshot<Split> left, Collection<Split> splits) {
            List<Row> all = new ArrayList<>(emitted);
            long from = left.position();
            for (Split split : left.splits()) {
                for (long row = from; row <= split.rows(); row++) all.add(new Row(split, row));
                from = 0;
            }
            int[] rows = new int[table.size()];
            int split = 0;
            for (Row row : all) {
                int number = row.split().number();
                int expected = rows[number]++;
                check(row.row() == expected, "%s: row %d of split %d where row %d should be; emitted %s, left %s", when, row.row(), number,
                        expected, emitted, left);
                check(delivery != Delivery.MESSAGES || split <= number, "%s: split %d is behind split %d", when, number, split);
                split = number;
            }
            for (Split one : splits)
                check(rows[one.number()] == one.rows() + 1, "%s: split %d has %d rows of %d; emitted %s, left %s", when, one.number(),
                        rows[one.number()], one.rows() + 1, emitted, left);
        }
    }

    /** One life of the reader. */
    private static final class Life {
        final Job job;
        final long number;
        final Reader<Split> reader;
        final int killAfter, shutDownAfter;
        final List<Future<Void>> deliveries = new ArrayList<>();
        /** By this reader, or by those before and in what it was restored from. */
        final Set<Split> accepted = ConcurrentHashMap.newKeySet();
        final Map<Long, Long> cuts = new ConcurrentHashMap<>();
        final Queue<Applied> applied = new ConcurrentLinkedQueue<>();
        volatile boolean over, finished, shutDown;
        volatile long answered, enumeratorCut;
        volatile boolean cutting, away;

        Life(Job job, long number) {
            this.job = job;
            this.number = number;
            Stored stored = job.stored;
            reader = number == 1 ? new Reader<>(job.capacity, 1) : new Reader<>(job.capacity, number, stored.id(), stored.snapshot());
            enumeratorCut = stored.id();
            accepted.addAll(Job.completed(job.output));
            accepted.addAll(stored.snapshot().splits());
            killAfter = job.random.nextInt(4) == 0 || number > 3 ? Integer.MAX_VALUE : 1 + job.random.nextInt(20);
            shutDownAfter = job.mayShutDown ? 1 + job.random.nextInt(10) : Integer.MAX_VALUE;
        }

        /** Runs it. False if it was killed. */
        boolean isLast() throws InterruptedException {
            long restored = job.stored.id();
            for (Callable<Void> task : job.delivery == Delivery.MESSAGES ? messages() : batches()) deliveries.add(start("a delivery", task));
            Future<Void> checkpoints = start("the checkpoint thread", this::takeCheckpoints);
            boolean last;
            try {
                last = join(start("the poller", this::poll), "the poller");
            } finally {
                over = true;
            }
            for (Future<Void> delivery : deliveries) join(delivery, "a delivery");
            join(checkpoints, "the checkpoint thread");
            for (Applied entry : applied)
                check(entry.behind() <= restored || cuts.containsKey(entry.behind()) && cuts.get(entry.behind()) <= entry.sequence(),
                        "entry %d lies behind cut %d of the enumerator, and before that of the reader", entry.sequence(), entry.behind());
            if (finished) judgeTheEnd();
            return last;
        }

        void judgeTheEnd() {
            Collection<Split> all = job.delivery == Delivery.BATCHES_AND_AN_EARLY_END ? accepted : job.table;
            job.balance("Finished", job.output, new Reader.Snapshot<>(List.of(), 0, 0, true), all);
            for (Row row : job.output) check(all.contains(row.split()), "Finished: %s was refused, and is read", row.split());
            check(reader.assign(List.of(new Split(0, 1))) == Reader.Assigned.CLOSED, "what comes after the end is accepted");
            check(reader.assign(List.of()) == Reader.Assigned.ACCEPTED, "a batch of nothing is refused");
            check(reader.assign(Collections.nCopies(job.capacity + 1, new Split(0, 1))) == Reader.Assigned.OVERSIZED, "what never fits is not called so");
            check(reader.poll().verdict() == Decision.Verdict.Finished, "Finished is taken back");
            try (Reader<Split>.Cut cut = reader.checkpoint(job.newest + 1)) {
                check(cut != null, "a reader that has finished takes no checkpoint");
                check(cut.snapshot.splits().isEmpty() && cut.snapshot.noMore(), "when it has finished, a snapshot holds %s", cut.snapshot);
            }
        }

        // The poller's thread.

        boolean poll() throws Exception {
            Random random = new Random(job.random.nextLong());
            for (int steps = 1;; steps++) {
                if (steps >= killAfter) return false;
                if (steps >= shutDownAfter) {
                    shutDown();
                    return true;
                }
                Reader.Answer<Split> answer = reader.poll();
                switch (answer.verdict()) {
                    case Split -> {
                        Split split = answer.split();
                        long row = answer.position();
                        while (row < split.rows() && (row == answer.position() || random.nextInt(4) != 0)) {
                            emit(split, row++);
                            pause(random);
                            if (steps++ >= killAfter) return false; // between a row and its boundary
                            answer(reader.advance(row));
                        }
                        if (row == split.rows()) {
                            emit(split, row);
                            reader.complete(split);
                            if (random.nextInt(4) == 0) sleep(); // with the seat
                        } else if (random.nextBoolean()) {
                            long id = reader.leave();
                            answer(id);
                            away = id == 0;
                            pause(random);
                            away = false;
                        }
                    }
                    case Checkpoint -> answer(answer.checkpoint());
                    case Pending -> sleep();
                    case Finished -> {
                        finished = true;
                        return true;
                    }
                    default -> throw violated("a poll answers " + answer.verdict());
                }
            }
        }

        /** Not at all, if there is something to do. */
        void sleep() throws Exception {
            count("waits");
            try {
                reader.available().get(watchdog, TimeUnit.MILLISECONDS);
            } catch (TimeoutException lost) {
                throw violated("a wake-up is lost: the poller sleeps, and would find " + reader.poll());
            }
        }

        void emit(Split split, long row) {
            check(!cutting, "a row is emitted while a checkpoint thread has the cut");
            job.output.add(new Row(split, row));
            check(!cutting, "a cut is taken while a row is emitted");
        }

        void answer(long id) {
            if (id == 0) return;
            barrier(id, reader.cut(id));
            count("cuts by the poller");
            answered = id;
        }

        void shutDown() throws InterruptedException {
            count("shutdowns");
            shutDown = true;
            List<Row> rows = List.copyOf(job.output);
            Future<Void> waiting = reader.available();
            Reader.Snapshot<Split> rest = reader.shutdown();
            check(waiting.isDone() && reader.available().isDone() && reader.poll().verdict() == Decision.Verdict.Finished, "a reader that is shut down goes on");
            over = true;
            for (Future<Void> delivery : deliveries) join(delivery, "a delivery"); // `accepted` is complete then
            job.balance("shutdown", rows, rest, accepted);
            check(Set.copyOf(accepted).containsAll(rest.splits()), "shutdown: what was refused is handed back");
        }

        /** At this point of the output. */
        void barrier(long id, Reader.Snapshot<Split> snapshot) {
            List<Row> rows = List.copyOf(job.output);
            cuts.put(id, snapshot.next());
            Set<Split> splits = Job.completed(rows);
            splits.addAll(snapshot.splits());
            job.balance("checkpoint " + id, rows, snapshot, splits);
            long entries = splits.size() + (snapshot.noMore() ? 1 : 0);
            check(snapshot.next() == entries, "checkpoint %d: %d entries are applied, and %d are there; emitted %s, left %s", id,
                    snapshot.next(), entries, rows, snapshot);
            if (job.random.nextInt(4) != 0) job.stored = new Stored(id, snapshot, rows.size());
        }

        // The checkpoint thread.

        Void takeCheckpoints() throws Exception {
            Random random = new Random(job.random.nextLong());
            // In a third of all lives there is none, so that nothing makes up for a wake-up that is lost.
            for (int left = random.nextInt(3) == 0 ? 0 : random.nextInt(20); left > 0 && !over && !finished; left--) {
                pause(random);
                Set<Split> before = Set.copyOf(accepted);
                long id = ++job.newest;
                enumeratorCut = id;
                pause(random);
                try (Reader<Split>.Cut cut = reader.checkpoint(id)) {
                    if (cut == null) {
                        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(watchdog);
                        while (answered < id && !over && !finished) {
                            check(System.nanoTime() < until, "checkpoint %d is never answered", id);
                            Thread.yield();
                        }
                        continue;
                    }
                    cutting = true;
                    count(away ? "cuts while the poller is away" : "cuts by the checkpoint thread");
                    barrier(id, cut.snapshot);
                    Set<Split> there = Job.completed(List.copyOf(job.output));
                    there.addAll(cut.snapshot.splits());
                    check(there.containsAll(before), "checkpoint %d: of what was accepted, %s, there is %s", id, before, there);
                    pause(random);
                    cutting = false;
                } catch (IllegalStateException none) {
                    check(shutDown, "checkpoint %d: %s", id, none.getMessage());
                    return null;
                }
            }
            return null;
        }

        // The delivery threads.

        /** What is not accepted yet, in batches, by one to three threads. The last one says the end, and sometimes one that is too early. */
        List<Callable<Void>> batches() {
            List<List<Split>> shares = new ArrayList<>();
            for (int thread = job.random.nextInt(3); thread >= 0; thread--) shares.add(new ArrayList<>());
            for (Split split : job.table) if (!accepted.contains(split)) shares.get(job.random.nextInt(shares.size())).add(split);
            boolean early = job.delivery == Delivery.BATCHES_AND_AN_EARLY_END;
            AtomicInteger busy = new AtomicInteger(shares.size());
            List<Callable<Void>> tasks = new ArrayList<>();
            for (List<Split> share : shares) {
                tasks.add(() -> {
                    Random random = new Random(job.random.nextLong());
                    for (int from = 0; from < share.size() && !over;) {
                        List<Split> batch = share.subList(from, Math.min(share.size(), from + random.nextInt(job.capacity + 1)));
                        pause(random);
                        Reader.Assigned answer = reader.assign(batch);
                        if (answer == Reader.Assigned.ACCEPTED) {
                            accepted.addAll(batch);
                            from += batch.size();
                            continue;
                        }
                        count("refusals");
                        check(answer != Reader.Assigned.OVERSIZED, "a batch that fits is called too large");
                        check(answer != Reader.Assigned.CLOSED || early || shutDown, "a batch is refused as closed, and nobody said the end");
                        if (answer == Reader.Assigned.CLOSED) return null;
                        Thread.yield();
                    }
                    if (busy.decrementAndGet() > 0 || over) return null;
                    pause(random);
                    reader.signalNoMoreSplits();
                    if (random.nextBoolean()) reader.signalNoMoreSplits();
                    return null;
                });
            }
            if (early) {
                tasks.add(() -> {
                    pause(new Random(job.random.nextLong()));
                    reader.signalNoMoreSplits();
                    return null;
                });
            }
            return tasks;
        }

        /** The log, by two threads that repeat themselves, run ahead, and speak to lives that are over. */
        List<Callable<Void>> messages() {
            long end = job.table.size();
            Callable<Void> task = () -> {
                Random random = new Random(job.random.nextLong());
                for (long next = reader.next(); next <= end && !over; next = reader.next()) {
                    long sequence = Math.max(0, Math.min(end, next + random.nextInt(4) - 1));
                    long attempt = random.nextInt(4) == 0 ? number - 1 : number;
                    long behind = enumeratorCut;
                    Split split = sequence == end ? null : job.table.get((int) sequence);
                    switch (reader.receive(new Reader.Message<>(attempt, sequence, behind, split))) {
                        case ACCEPTED -> {
                            check(attempt == number, "a message for an earlier life is applied");
                            applied.add(new Applied(sequence, behind));
                            if (split != null) accepted.add(split);
                        }
                        case STALE -> check(attempt != number, "a message for this life is called stale");
                        case GAP -> count("gaps");
                        case EARLY -> count("early entries");
                        case LATER -> count("refusals");
                        case DUPLICATE -> check(sequence < reader.next(), "what is yet to be applied is called a duplicate");
                    }
                    pause(random);
                }
                return null;
            };
            return List.of(task, task);
        }
    }
}
