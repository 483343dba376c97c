package io.millrace.controller;

import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ApiMessage;
import io.millrace.protocol.MetadataRecordFrame;
import io.millrace.protocol.ProtocolWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.network.ListenerName;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.controller.ControllerRequestContext;
import org.apache.kafka.controller.QuorumController;
import org.apache.kafka.controller.QuorumFeatures;
import org.apache.kafka.metadata.KafkaConfigSchema;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.metadata.bootstrap.BootstrapMetadata;
import org.apache.kafka.raft.Batch;
import org.apache.kafka.raft.LeaderAndEpoch;
import org.apache.kafka.raft.RaftClient;
import org.apache.kafka.raft.internals.MemoryBatchReader;
import org.apache.kafka.server.common.ApiMessageAndVersion;
import org.apache.kafka.server.common.KRaftVersion;
import org.apache.kafka.server.common.OffsetAndEpoch;
import org.apache.kafka.server.config.ConfigSynonym;
import org.apache.kafka.snapshot.SnapshotWriter;
import org.jspecify.annotations.Nullable;

/** Apache Kafka's own controller, alone with a log in memory that commits at once: the oracle. */
final class OfficialController implements AutoCloseable {
    private static final int NODE_ID = 100;
    private static final int EPOCH = 1;
    private static final long PATIENCE_S = 30;

    private final MemoryLog log = new MemoryLog();
    private final StillTime time = new StillTime();
    private final QuorumController controller;

    /**
     * Makes it, and has it lead.
     *
     * @param balanceMs how often partitions go back to their preferred leaders
     * @param uncleanMs how often there are unclean elections
     */
    OfficialController(List<VersionedRecord> bootstrap, long sessionMs, long balanceMs, long uncleanMs) {
        this.controller = made(bootstrap, sessionMs, balanceMs, uncleanMs);
        log.lead();
    }

    private QuorumController made(List<VersionedRecord> bootstrap, long sessionMs, long balanceMs, long uncleanMs) {
        QuorumController.Builder builder = new QuorumController.Builder(NODE_ID, TestCluster.CLUSTER_ID);
        builder.setTime(time)
                .setRaftClient(log)
                .setThreadNamePrefix("oracle-")
                .setConfigSchema(schema())
                .setQuorumFeatures(
                        new QuorumFeatures(NODE_ID, QuorumFeatures.defaultSupportedFeatureMap(true), List.of(NODE_ID)))
                .setLeaderImbalanceCheckIntervalNs(OptionalLong.of(TimeUnit.MILLISECONDS.toNanos(balanceMs)))
                .setMaxIdleIntervalNs(OptionalLong.empty())
                .setUncleanLeaderElectionCheckIntervalMs(uncleanMs)
                .setSessionTimeoutNs(TimeUnit.MILLISECONDS.toNanos(sessionMs))
                .setFenceStaleBrokerIntervalNs(TimeUnit.DAYS.toNanos(10_000))
                .setBootstrapMetadata(BootstrapMetadata.fromRecords(
                        bootstrap.stream().map(OfficialController::official).toList(), "test"))
                .setStaticConfig(Map.of())
                .setNonFatalFaultHandler(OfficialController::fault)
                .setFatalFaultHandler(OfficialController::fault);
        try {
            return builder.build();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static RuntimeException fault(String message, Throwable cause) {
        return new IllegalStateException(message, cause);
    }

    /** The two properties on which elections depend; Kafka has the rest in a room the controller does not need. */
    private static KafkaConfigSchema schema() {
        ConfigDef properties = new ConfigDef()
                .define("min.insync.replicas", ConfigDef.Type.INT, 1, ConfigDef.Importance.HIGH, "")
                .define("unclean.leader.election.enable", ConfigDef.Type.BOOLEAN, false, ConfigDef.Importance.HIGH, "");
        return new KafkaConfigSchema(
                Map.of(ConfigResource.Type.TOPIC, properties, ConfigResource.Type.BROKER, properties),
                Map.of(
                        "min.insync.replicas",
                        List.of(new ConfigSynonym("min.insync.replicas")),
                        "unclean.leader.election.enable",
                        List.of(new ConfigSynonym("unclean.leader.election.enable"))));
    }

    /** A question to it; its answer, or what went wrong. */
    interface Question<T> {
        CompletableFuture<T> of(QuorumController controller, ControllerRequestContext context);
    }

    /** Asks, and waits until the answer's records are committed. */
    <T> T ask(int version, Question<T> question) throws ApiException {
        ControllerRequestContext context = new ControllerRequestContext(
                new RequestHeaderData().setRequestApiVersion((short) version),
                KafkaPrincipal.ANONYMOUS,
                OptionalLong.empty());
        try {
            return question.of(controller, context).get(PATIENCE_S, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ApiException known) throw known;
            throw new AssertionError(e);
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    /** Lets time pass, and what is due by it be done. */
    void pass(long ms) {
        time.nowMs.addAndGet(ms);
        // an event wakes the queue, which looks at the time first
        ask(0, QuorumController::findAllTopicIds);
        ask(0, QuorumController::findAllTopicIds);
    }

    /** The log from an offset on. */
    List<VersionedRecord> recordsSince(int offset) {
        return log.since(offset).stream().map(OfficialController::ours).toList();
    }

    /** Kafka's message with the content of ours. */
    static <T extends Message> T official(T empty, ApiMessage ours, int version) {
        empty.read(new ByteBufferAccessor(ProtocolWriter.toBuffer(ours, version)), (short) version);
        return empty;
    }

    /** The bytes of Kafka's message. */
    static ByteBuffer bytes(Message official, int version) {
        return MessageUtil.toByteBufferAccessor(official, (short) version).buffer();
    }

    private static ApiMessageAndVersion official(VersionedRecord ours) {
        ByteBuffer frame = MetadataRecordFrame.write(ours.message(), ours.version());
        return MetadataRecordSerde.INSTANCE.read(new ByteBufferAccessor(frame), frame.remaining());
    }

    private static VersionedRecord ours(ApiMessageAndVersion official) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer frame = ByteBuffer.allocate(MetadataRecordSerde.INSTANCE.recordSize(official, cache));
        MetadataRecordSerde.INSTANCE.write(official, cache, new ByteBufferAccessor(frame));
        MetadataRecordFrame.Framed framed = MetadataRecordFrame.read(frame.flip());
        return new VersionedRecord(framed.record(), framed.version());
    }

    @Override
    public void close() {
        try {
            controller.close();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Time that moves when it is told to. */
    private static final class StillTime implements Time {
        private final AtomicLong nowMs = new AtomicLong(1_000);

        @Override
        public long milliseconds() {
            return nowMs.get();
        }

        @Override
        public long nanoseconds() {
            return TimeUnit.MILLISECONDS.toNanos(nowMs.get());
        }

        @Override
        public void sleep(long ms) {
            throw new IllegalStateException("nothing should sleep here");
        }
    }

    /** A quorum of one. */
    private static final class MemoryLog implements RaftClient<ApiMessageAndVersion> {
        private final List<ApiMessageAndVersion> records = new ArrayList<>();
        private final List<Batch<ApiMessageAndVersion>> prepared = new ArrayList<>();
        private @Nullable Listener<ApiMessageAndVersion> listener;

        private Listener<ApiMessageAndVersion> listener() {
            if (listener == null) throw new IllegalStateException("nobody has registered");
            return listener;
        }

        void lead() {
            listener().handleLeaderChange(new LeaderAndEpoch(OptionalInt.of(NODE_ID), EPOCH));
        }

        List<ApiMessageAndVersion> since(int offset) {
            return List.copyOf(records.subList(offset, records.size()));
        }

        @Override
        public void register(Listener<ApiMessageAndVersion> registered) {
            listener = registered;
        }

        @Override
        public void unregister(Listener<ApiMessageAndVersion> unregistered) {}

        @Override
        public OptionalLong highWatermark() {
            return OptionalLong.of(records.size());
        }

        @Override
        public LeaderAndEpoch leaderAndEpoch() {
            return new LeaderAndEpoch(OptionalInt.of(NODE_ID), EPOCH);
        }

        @Override
        public OptionalInt nodeId() {
            return OptionalInt.of(NODE_ID);
        }

        @Override
        public Optional<Node> voterNode(int id, ListenerName listenerName) {
            return Optional.empty();
        }

        @Override
        public long prepareAppend(int epoch, List<ApiMessageAndVersion> batch) {
            prepared.add(Batch.data(records.size(), epoch, 0, 1, List.copyOf(batch)));
            records.addAll(batch);
            return records.size() - 1L;
        }

        @Override
        public void schedulePreparedAppend() {
            List<Batch<ApiMessageAndVersion>> batches = List.copyOf(prepared);
            prepared.clear();
            listener().handleCommit(MemoryBatchReader.of(batches, reader -> {}));
        }

        @Override
        public CompletionStage<Void> shutdown(int timeoutMs) {
            return CompletableFuture.completedStage(null);
        }

        @Override
        public void resign(int epoch) {
            throw new IllegalStateException("the oracle resigns");
        }

        @Override
        public Optional<SnapshotWriter<ApiMessageAndVersion>> createSnapshot(OffsetAndEpoch id, long timestamp) {
            return Optional.empty();
        }

        @Override
        public Optional<OffsetAndEpoch> latestSnapshotId() {
            return Optional.empty();
        }

        @Override
        public long logEndOffset() {
            return records.size();
        }

        @Override
        public KRaftVersion kraftVersion() {
            return KRaftVersion.KRAFT_VERSION_1;
        }

        @Override
        public void upgradeKRaftVersion(int epoch, KRaftVersion version, boolean validateOnly) {}

        @Override
        public void close() {}
    }
}
