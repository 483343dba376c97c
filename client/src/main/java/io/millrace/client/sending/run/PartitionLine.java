package io.millrace.client.sending.run;

import io.millrace.client.cluster.run.Alarm;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.sending.PartitionSends;
import io.millrace.client.sending.SendRules;
import java.util.function.Consumer;

/** What a {@link SenderLane} keeps of one partition. Touched on its lane only. */
public final class PartitionLine {
    static final long NEVER = Long.MAX_VALUE;

    final String topic;
    final int partition;
    final OpenBatches open;
    final PartitionSends sends;

    /** When the batch that takes records got its first one; {@link #NEVER} if there is none. */
    long openedAtMs = NEVER;

    /** Whether it stands in the queue of a broker. */
    boolean isQueued;

    /** Rings when something is due that no answer tells of. */
    final Alarm alarm;

    PartitionLine(
            String topic,
            int partition,
            OpenBatches open,
            SendRules rules,
            ClientLane lane,
            Consumer<PartitionLine> ring) {
        this.topic = topic;
        this.partition = partition;
        this.open = open;
        this.sends = new PartitionSends(topic + "-" + partition, rules);
        this.alarm = new Alarm(lane, () -> ring.accept(this));
    }

    boolean hasWork() {
        return openedAtMs != NEVER || !sends.isEmpty();
    }
}
