package io.millrace.server.config;

import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.MetadataImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Throttles of replication ({@code kafka-reassign-partitions --throttle}), which the cluster keeps for brokers that have them, and this one has
 * not.
 */
public final class UnheededThrottles {
    private static final List<String> RATES =
            List.of("leader.replication.throttled.rate", "follower.replication.throttled.rate");

    private final int nodeId;
    private final Map<String, String> said = new TreeMap<>();

    /** Throttles of this broker, of which none is known yet. */
    public UnheededThrottles(int nodeId) {
        this.nodeId = nodeId;
    }

    /** A sentence for each that is set and was not told of before. */
    public List<String> newIn(MetadataImage image) {
        Map<String, String> set = new TreeMap<>(image.configs().of(ConfigResource.BROKER_DEFAULT));
        set.putAll(image.configs().of(ConfigResource.broker(nodeId)));
        List<String> sentences = new ArrayList<>();
        for (String name : RATES) {
            String value = set.get(name);
            if (value == null) said.remove(name);
            else if (!value.equals(said.put(name, value)))
                sentences.add(name + "=" + value + " has no effect: this version does not hold replication to a rate");
        }
        return sentences;
    }
}
