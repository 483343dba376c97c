package io.millrace.server.controller;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.ControllerSettings;
import io.millrace.controller.Decision;
import io.millrace.controller.Draws;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.metadata.MetadataDelta;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.MetadataProvenance;
import io.millrace.metadata.TransactionBuffer;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MetadataRecordFrame;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.BeginTransactionRecord;
import io.millrace.raft.run.AppendResult;
import io.millrace.raft.run.CommittedBatch;
import io.millrace.raft.run.MetadataQuorum;
import io.millrace.raft.run.QuorumListener;
import io.millrace.raft.run.SnapshotResult;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.ImageChange;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The metadata lane's work: follows the quorum's log, makes images of what is committed and sends them to every lane, and
 * while this node leads the quorum, asks the controller and writes what it decides.
 *
 * <p>Records are replayed into the controller when they are appended; an answer leaves once they are committed and the lanes
 * have been sent the image that holds them.
 */
public final class MetadataRole implements QuorumListener, ControllerAccess {
    /** Records of a decision that may be parted go into batches of so many. */
    private static final int RECORDS_PER_PART = 2_000;

    /** How long before something without which the node cannot go on is tried again on a full disk. */
    static final long SPACE_CHECK_MS = 1_000;

    private static final System.Logger LOG = System.getLogger(MetadataRole.class.getName());

    /** How often a snapshot may be made, at the most: {@code metadata.log.max.record.bytes.between.snapshots} bytes apart. */
    private final long bytesBetweenSnapshots;

    private final Lane lane;
    private final Clock clock;
    private final Draws draws;
    private final List<BrokerLane> brokerLanes;
    private final ControllerSettings settings;
    private final Events events;
    private TransactionBuffer transactions = new TransactionBuffer();
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private final List<VersionedRecord> bootstrap = new ArrayList<>();
    private @Nullable MetadataQuorum quorum;
    /** While this node leads; it knows what is appended, where {@code image} knows what is committed. */
    private @Nullable Controller controller;

    private MetadataImage image = MetadataImage.EMPTY;
    private int leaderEpoch = -1;
    private long bytesSinceSnapshot;
    private short publishedKraftVersion;
    /** Whether all that earlier runs committed has been seen. Images before that are of the past, and stay here. */
    private boolean hasCaughtUp;

    private Showing showing = Showing.WHEN_TOLD;

    /** Somebody who is answered once an offset is committed, or refused if this node no longer leads by then. */
    private record Waiting(long offset, Runnable committed, Consumer<ErrorCode> refused) {}

    /** What the node learns, on the metadata lane. */
    public interface Events {
        /** This node leads the quorum in that epoch, and the metadata holds at least the bootstrap records. */
        void active(int epoch);

        /** This node leads no more; another controller does, or will. */
        void resigned();

        /** The lanes are about to be sent images, and will lead and follow. */
        void showing();

        /** An image was sent to the lanes. */
        void published(MetadataImage image);

        /** Committed records were read; if lanes are sent images at all by now, they have been sent this one. */
        void read(MetadataImage image);

        /** The disk of the metadata log has refused records for want of space; whoever wanted them written is told so. */
        void outOfSpace();

        /** The metadata log cannot go on. */
        void failed(Exception cause);
    }

    /** Makes the role; {@link #begin} starts it. */
    public MetadataRole(
            Lane lane,
            Clock clock,
            Randomness randomness,
            List<BrokerLane> brokerLanes,
            ControllerSettings settings,
            long bytesBetweenSnapshots,
            Events events) {
        this.lane = lane;
        this.clock = clock;
        this.draws = new Draws() {
            @Override
            public long nextLong() {
                return randomness.nextLong();
            }

            @Override
            public int nextInt(int bound) {
                return randomness.nextInt(bound);
            }
        };
        this.brokerLanes = brokerLanes;
        this.settings = settings;
        this.bytesBetweenSnapshots = bytesBetweenSnapshots;
        this.events = events;
    }

    /** From when on the lanes are sent images. */
    public enum Showing {
        /** From the first on, as those of a node without partitions may be. */
        ALL,
        /** Once this node leads: it is the whole quorum, and has then read all that was committed before. */
        ONCE_LEADING,
        /** Once {@link #showImages} is called. */
        WHEN_TOLD
    }

    /** Starts the quorum; called on the metadata lane. */
    public void begin(MetadataQuorum newQuorum, Showing when) {
        quorum = newQuorum;
        showing = when;
        if (when == Showing.ALL) beginShowing();
        newQuorum.start();
    }

    /** The cluster's id. */
    public String clusterId() {
        return settings.clusterId();
    }

    /** The newest image; for the metadata lane. */
    public MetadataImage image() {
        return image;
    }

    /** The quorum; for the metadata lane. */
    public MetadataQuorum quorum() {
        if (quorum == null) throw new IllegalStateException("the quorum has not begun");
        return quorum;
    }

    @Override
    public void onLoadBootstrap(List<ByteBuffer> values) {
        bootstrap.addAll(decode(values));
    }

    @Override
    public void onLoadSnapshot(OffsetAndEpoch id, long lastContainedLogTimeMs, List<ByteBuffer> values) {
        List<VersionedRecord> records = decode(values);
        MetadataDelta delta = new MetadataDelta(MetadataImage.EMPTY);
        for (VersionedRecord record : records) delta.replay(record.message());
        // A snapshot is made between transactions only, and holds what became of the one that was open.
        transactions = new TransactionBuffer();
        bytesSinceSnapshot = 0;
        MetadataImage before = image;
        image = delta.apply(new MetadataProvenance(id.offset() - 1, id.leaderEpoch()));
        publish(ImageChange.replacing(before, image));
    }

    @Override
    public void onCommitted(CommittedBatch batch) {
        List<VersionedRecord> records = decode(batch.values());
        for (ByteBuffer value : batch.values()) bytesSinceSnapshot += value.remaining();
        MetadataDelta delta = new MetadataDelta(image);
        for (VersionedRecord record : transactions.accept(records)) delta.replay(record.message());
        image = delta.apply(new MetadataProvenance(batch.lastOffset(), batch.epoch()));
        if (records.isEmpty() && quorum().kraftVersion() == publishedKraftVersion) events.read(image);
        else publish(ImageChange.of(delta, image));
        for (Waiting first = waiting.peekFirst();
                first != null && first.offset() <= batch.lastOffset();
                first = waiting.peekFirst()) {
            waiting.removeFirst();
            first.committed().run();
        }
        if (bytesSinceSnapshot >= bytesBetweenSnapshots && !transactions.isOpen()) snapshot(batch);
    }

    /**
     * Sends an image to the lanes. None is sent while the log of earlier runs is being read: a topic that was deleted and made
     * again would be led in its first life, and the directory of its second taken for a stray.
     */
    private void publish(ImageChange change) {
        if (hasCaughtUp) send(change);
        events.read(image);
    }

    /** All that earlier runs committed has been read: the lanes are sent the image, and all that follow. */
    public void showImages() {
        if (hasCaughtUp) return;
        beginShowing();
        send(ImageChange.everything(image));
    }

    private void beginShowing() {
        events.showing();
        hasCaughtUp = true;
    }

    private void send(ImageChange change) {
        short kraftVersion = quorum().kraftVersion();
        publishedKraftVersion = kraftVersion;
        for (BrokerLane broker : brokerLanes)
            broker.run(() -> {
                broker.kraftVersion(kraftVersion);
                broker.applier().apply(change);
            });
        events.published(image);
    }

    private void snapshot(CommittedBatch last) {
        bytesSinceSnapshot = 0;
        List<VersionedRecord> records = image.records();
        List<ByteBuffer> values = new ArrayList<>(records.size());
        for (VersionedRecord record : records)
            values.add(MetadataRecordFrame.write(record.message(), record.version()));
        quorum().writeSnapshot(
                        new OffsetAndEpoch(last.nextOffset(), last.epoch()), last.appendTimeMs(), values, result -> {
                            if (result instanceof SnapshotResult.Failed(Exception cause))
                                LOG.log(
                                        System.Logger.Level.WARNING,
                                        "a snapshot of the metadata could not be written",
                                        cause);
                        });
    }

    @Override
    public void onLeader(int epoch) {
        leaderEpoch = epoch;
        if (showing == Showing.ONCE_LEADING) showImages();
        Controller next = new Controller(settings, image);
        // One that its predecessor left open; the new leader ends it.
        if (transactions.isOpen())
            next.replay(
                    List.of(VersionedRecord.v0(BeginTransactionRecord.builder().build())), image.provenance());
        controller = next;
        if (image.features().levels().isEmpty() && bootstrap.isEmpty()) {
            events.failed(new IllegalStateException(
                    "the metadata log is empty and there are no bootstrap records; format the directory"));
            return;
        }
        activate(epoch);
    }

    private void activate(int epoch) {
        if (leaderEpoch != epoch) return;
        decide(new Activation(bootstrap), error -> {
            if (error == ErrorCode.NONE) events.active(epoch);
            else if (error == ErrorCode.NOT_CONTROLLER) return;
            else if (error == ErrorCode.KAFKA_STORAGE_ERROR) lane.schedule(SPACE_CHECK_MS, () -> activate(epoch));
            else if (leaderEpoch >= 0)
                events.failed(new IllegalStateException("the first metadata records could not be written"));
        });
    }

    /** What a new leader owes the log; answers whether it could be written. */
    private record Activation(List<VersionedRecord> bootstrap) implements OwnQuestion<ErrorCode> {
        @Override
        public Decision<ErrorCode> decide(Controller controller, ControllerContext context) {
            Decision<?> decision = controller.activate(bootstrap, context);
            return new Decision<>(decision.records(), ErrorCode.NONE, decision.isAtomic());
        }

        @Override
        public ErrorCode refused(ErrorCode error) {
            return error;
        }
    }

    @Override
    public void onResigned(int epoch) {
        leaderEpoch = -1;
        controller = null;
        List<Waiting> refused = List.copyOf(waiting);
        waiting.clear();
        for (Waiting one : refused) one.refused().accept(ErrorCode.NOT_CONTROLLER);
        events.resigned();
    }

    @Override
    public void onFailed(Exception cause) {
        leaderEpoch = -1;
        controller = null;
        events.failed(cause);
    }

    @Override
    public <R extends Response> void ask(BrokerLane home, Question<R> question, Consumer<R> then) {
        Runnable asking = () -> decide(question, answer -> home.lane().execute(() -> then.accept(answer)));
        if (lane.isCurrent()) asking.run();
        else lane.execute(asking);
    }

    @Override
    public <R extends Response> void ask(Question<R> question, Consumer<R> then) {
        decide(question, then);
    }

    @Override
    public <R extends Response> void forward(BrokerLane home, Question<R> question, Caller caller, Consumer<R> then) {
        ask(home, question, then);
    }

    /** Has the controller of this process decide, if it is the active one; called on the metadata lane, where the answer comes too. */
    public <R> void decide(OwnQuestion<R> question, Consumer<R> then) {
        Controller active = controller;
        if (active == null) {
            then.accept(question.refused(ErrorCode.NOT_CONTROLLER));
            return;
        }
        Decision<R> decision =
                question.decide(active, new ControllerContext(clock.monotonicMs(), quorum().logEndOffset(), draws));
        append(active, decision, () -> then.accept(decision.response()), error -> then.accept(question.refused(error)));
    }

    private void append(Controller active, Decision<?> decision, Runnable committed, Consumer<ErrorCode> refused) {
        List<VersionedRecord> records = decision.records();
        if (records.isEmpty()) {
            afterWhatIsAppended(committed, refused);
            return;
        }
        long lastOffset = -1;
        int partSize = decision.isAtomic() ? records.size() : RECORDS_PER_PART;
        for (int from = 0; from < records.size(); from += partSize) {
            List<VersionedRecord> part = records.subList(from, Math.min(records.size(), from + partSize));
            switch (append(active, part)) {
                case AppendResult.Appended appended -> lastOffset = appended.lastOffset();
                case AppendResult.NotLeader ignored -> {
                    refused.accept(ErrorCode.NOT_CONTROLLER);
                    return;
                }
                case AppendResult.NoSpace ignored -> {
                    events.outOfSpace();
                    refused.accept(ErrorCode.KAFKA_STORAGE_ERROR);
                    return;
                }
                case AppendResult.TooLarge ignored -> {
                    refused.accept(ErrorCode.POLICY_VIOLATION);
                    return;
                }
            }
        }
        waiting.addLast(new Waiting(lastOffset, committed, refused));
    }

    /** Appends one batch and replays it. */
    private AppendResult append(Controller active, List<VersionedRecord> records) {
        List<ByteBuffer> values = new ArrayList<>(records.size());
        for (VersionedRecord record : records)
            values.add(MetadataRecordFrame.write(record.message(), record.version()));
        AppendResult result = quorum().append(leaderEpoch, values);
        if (result instanceof AppendResult.Appended appended)
            active.replay(records, new MetadataProvenance(appended.lastOffset(), leaderEpoch));
        return result;
    }

    /** An answer that writes nothing may still show what others have written and is not committed. */
    private void afterWhatIsAppended(Runnable then, Consumer<ErrorCode> refused) {
        Waiting last = waiting.peekLast();
        if (last == null) then.run();
        else waiting.addLast(new Waiting(last.offset(), then, refused));
    }

    private static List<VersionedRecord> decode(List<ByteBuffer> values) {
        List<VersionedRecord> records = new ArrayList<>(values.size());
        for (ByteBuffer value : values) {
            MetadataRecordFrame.Framed framed = MetadataRecordFrame.read(value.duplicate());
            records.add(new VersionedRecord(framed.record(), framed.version()));
        }
        return records;
    }
}
