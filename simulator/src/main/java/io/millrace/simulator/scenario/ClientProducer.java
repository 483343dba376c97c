package io.millrace.simulator.scenario;

import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.MetadataRules;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.sending.AppendRules;
import io.millrace.client.sending.SendResult;
import io.millrace.client.sending.SendRules;
import io.millrace.client.sending.run.SenderLane;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.ClientSettings;
import io.millrace.records.Compression;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.net.InetSocketAddress;
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
        AppendRules appendRules =
                new AppendRules(BATCH_BYTES, MAX_REQUEST_BYTES, compression, compression.defaultLevel());
        histories.forEach((index, history) -> partitions.add(new Partition(history, topic, index, appendRules)));
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

    /** A partition, and how many values it was sent. */
    private final class Partition {
        private final PartitionHistory history;
        private final SendingPartition sending;
        private int sent;

        Partition(PartitionHistory history, String topic, int index, AppendRules rules) {
            this.history = history;
            this.sending = new SendingPartition(lane, sender, topic, index, rules, this::told);
        }

        void send() {
            String value = PartitionHistory.value(name, sent++, "x".repeat(random.nextInt(MOST_PADDING_CHARS)));
            history.sending(name, List.of(value));
            sending.send(value);
        }

        /** Notes what is acknowledged. */
        private void told(List<String> values, SendResult result) {
            switch (result) {
                case SendResult.Written(long baseOffset, long logAppendTimeMs) -> {
                    simulation.trace(baseOffset);
                    if (baseOffset >= 0) history.acknowledged(baseOffset, values);
                }
                case SendResult.Failed failed -> throw history.broken(name + " is told " + failed);
            }
        }
    }
}
