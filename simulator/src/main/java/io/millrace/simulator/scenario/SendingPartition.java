package io.millrace.simulator.scenario;

import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.sending.AppendRules;
import io.millrace.client.sending.Batch;
import io.millrace.client.sending.BatchEnd;
import io.millrace.client.sending.PartitionAppender;
import io.millrace.client.sending.SendResult;
import io.millrace.client.sending.run.PartitionLine;
import io.millrace.client.sending.run.SenderLane;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A partition that a client sends values to by the real sender: what the producer does on an application's threads, done on its
 * lane. Batches are opened, filled, and handed in.
 */
final class SendingPartition {
    /** Is told what became of values that were sent, in the order in which they were. */
    interface Told {
        void told(List<String> values, SendResult result);
    }

    private final ClientLane lane;
    private final SenderLane sender;
    private final PartitionAppender appender;
    private final PartitionLine line;
    private final Told told;
    private List<String> inBatch = List.of();

    SendingPartition(ClientLane lane, SenderLane sender, String topic, int index, AppendRules rules, Told told) {
        this.lane = lane;
        this.sender = sender;
        this.appender = new PartitionAppender(rules);
        this.line = sender.add(topic, index, appender::seal);
        this.told = told;
    }

    void send(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        int place = append(bytes);
        if (place == PartitionAppender.FULL) handIn();
        if (place < 0) {
            inBatch = new ArrayList<>();
            byte[] memory = new byte[appender.memoryFor(null, bytes, List.of())];
            appender.open(memory, new End(inBatch), lane.nowMs());
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

    private final class End implements BatchEnd {
        private final List<String> values;

        End(List<String> values) {
            this.values = values;
        }

        @Override
        public void ended(int fromRecord, int recordCount, SendResult result) {
            told.told(values.subList(fromRecord, fromRecord + recordCount), result);
        }

        @Override
        public void released() {}
    }
}
