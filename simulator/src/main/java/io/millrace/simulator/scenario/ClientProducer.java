package io.millrace.simulator.scenario;

import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.MetadataRules;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.sending.AppendRules;
import io.millrace.client.sending.Batch;
import io.millrace.client.sending.BatchEnd;
import io.millrace.client.sending.PartitionAppender;
import io.millrace.client.sending.SendResult;
import io.millrace.client.sending.SendRules;
import io.millrace.client.sending.run.PartitionLine;
import io.millrace.client.sending.run.SenderLane;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.ClientSettings;
import io.millrace.records.Compression;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The real producer, all but the part that hands records from application threads to its lane: sends numbered values to all
 * partitions of a topic and never gives up. So every value must be there once and in order, whatever happens to the server.
 */
final class ClientProducer implements Actor, SenderLane.Listener {
    private static final int MOST_RECORDS = 6;
    private static final int MOST_PADDING_CHARS = 300;
    private static final int MOST_PAUSE_MS = 60;
    private static final int MOST_LINGER_MS = 20;
    private static final int REQUEST_MS = 6_000;
    private static final int BATCH_BYTES = 1_024;
    private static final int MAX_REQUEST_BYTES = 8_192;
    private static final int MOST_RESPONSE_BYTES = 8 << 20;

    private final String name;
    private final Simulation simulation;
    private final ClientLane lane;
    private final Map<Integer, PartitionHistory> histories;
    private final SeededRandom random;
    private final SenderLane sender;
    private final ClusterLine cluster;
    private final List<Partition> partitions = new ArrayList<>();
    private int stepsLeft;

    ClientProducer(
            String name,
            Simulation simulation,
            ClientLane lane,
            List<InetSocketAddress> servers,
            String topic,
            Map<Integer, PartitionHistory> histories,
            SeededRandom random,
            int steps) {
        this.name = name;
        this.simulation = simulation;
        this.lane = lane;
        this.histories = histories;
        this.random = random;
        this.stepsLeft = steps;
        SendRules rules = new SendRules(
                true,
                (short) -1,
                1 + random.nextInt(SendRules.MOST_IN_FLIGHT),
                Integer.MAX_VALUE,
                1_000_000_000,
                random.nextInt(MOST_LINGER_MS),
                new RetryBackoff(20, 500));
        sender = new SenderLane(lane, rules, MAX_REQUEST_BYTES, REQUEST_MS, this);
        cluster = new ClusterLine(
                lane,
                new ClientSettings(name, "millrace", "0.1.0", 2_000, REQUEST_MS, MOST_RESPONSE_BYTES, 100),
                new ReconnectBackoff(20, 500),
                MetadataRules.DEFAULT,
                ClientSetup.bootstrap(servers),
                sender);
        Compression compression = random.pick(Compression.NONE, Compression.GZIP);
        for (Integer index : histories.keySet()) {
            PartitionAppender appender = new PartitionAppender(
                    new AppendRules(BATCH_BYTES, MAX_REQUEST_BYTES, compression, compression.defaultLevel()));
            PartitionLine line = sender.add(topic, index, appender::seal);
            partitions.add(new Partition(index, appender, line));
        }
    }

    @Override
    public void begin() {
        sender.begin(cluster);
        step();
    }

    @Override
    public boolean isDone() {
        return stepsLeft == 0 && sender.isIdle();
    }

    private void step() {
        if (stepsLeft == 0) return;
        Partition partition = random.pick(partitions);
        for (int count = 1 + random.nextInt(MOST_RECORDS); count > 0; count--) partition.send();
        stepsLeft--;
        lane.lane().schedule(random.nextInt(MOST_PAUSE_MS), this::step);
    }

    @Override
    public void onView(ClusterView view) {
        simulation.trace(view.clusterId().hashCode());
    }

    @Override
    public void onTrouble(String sentence) {
        simulation.trace(sentence.hashCode());
    }

    /** The open batch of a partition, and what is in it. */
    private final class Partition {
        private final int index;
        private final PartitionAppender appender;
        private final PartitionLine line;
        private int sent;
        private List<String> inBatch = List.of();

        Partition(int index, PartitionAppender appender, PartitionLine line) {
            this.index = index;
            this.appender = appender;
            this.line = line;
        }

        void send() {
            String value = PartitionHistory.value(name, sent++, "x".repeat(random.nextInt(MOST_PADDING_CHARS)));
            history().sending(name, List.of(value));
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            int place = append(bytes);
            if (place == PartitionAppender.FULL) handIn();
            if (place < 0) {
                inBatch = new ArrayList<>();
                byte[] memory = new byte[appender.memoryFor(null, bytes, List.of())];
                appender.open(memory, new End(history(), inBatch), lane.nowMs());
                append(bytes);
                inBatch.add(value);
                sender.opened(line, lane.nowMs());
            } else {
                inBatch.add(value);
            }
        }

        private int append(byte[] value) {
            return appender.append(IdempotentProducer.RECORD_TIME_MS, null, value, List.of());
        }

        private void handIn() {
            Batch batch = appender.seal();
            if (batch == null) throw new IllegalStateException("a full batch has records");
            sender.sealed(line, batch);
            if (!batch.isToBePacked()) return;
            batch.pack();
            appender.packed(batch);
            sender.packed(line, batch);
        }

        private PartitionHistory history() {
            PartitionHistory history = histories.get(index);
            if (history == null) throw new IllegalStateException("partition " + index + " has no history");
            return history;
        }
    }

    /** Notes what is acknowledged. */
    private final class End implements BatchEnd {
        private final PartitionHistory history;
        private final List<String> values;

        End(PartitionHistory history, List<String> values) {
            this.history = history;
            this.values = values;
        }

        @Override
        public void ended(int fromRecord, int recordCount, SendResult result) {
            switch (result) {
                case SendResult.Written(long baseOffset, long logAppendTimeMs) -> {
                    simulation.trace(baseOffset);
                    if (baseOffset >= 0) {
                        history.acknowledged(baseOffset, values.subList(fromRecord, fromRecord + recordCount));
                    }
                }
                case SendResult.Failed failed -> throw history.broken(name + " is told " + failed);
            }
        }

        @Override
        public void released() {}
    }
}
