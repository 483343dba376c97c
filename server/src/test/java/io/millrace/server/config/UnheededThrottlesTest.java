package io.millrace.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.MetadataProvenance;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.messages.ConfigRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UnheededThrottlesTest {
    private static final byte BROKER = 4;
    private static final String RATE = "follower.replication.throttled.rate";

    private final UnheededThrottles throttles = new UnheededThrottles(1);
    private MetadataImage image = MetadataImage.EMPTY;

    @Test
    void aThrottleOfThisBrokerIsToldOnceForEachValue() {
        assertEquals(List.of(), set("1", "log.cleaner.threads", "2"));
        assertEquals(
                List.of(RATE + "=1000 has no effect: this version does not hold replication to a rate"),
                set("1", RATE, "1000"));
        assertEquals(List.of(), set("1", "log.cleaner.threads", "1"));
        assertEquals(1, set("1", RATE, "2000").size());
        assertEquals(List.of(), set("1", RATE, null));
        assertEquals(1, set("1", RATE, "2000").size());
    }

    @Test
    void thoseOfOtherBrokersAreNotAndThoseOfAllAre() {
        assertEquals(List.of(), set("2", RATE, "1000"));
        assertEquals(1, set("", RATE, "1000").size());
    }

    private List<String> set(String broker, String name, @Nullable String value) {
        var record = ConfigRecord.builder()
                .resourceType(BROKER)
                .resourceName(broker)
                .name(name)
                .value(value)
                .build();
        image = image.apply(List.of(VersionedRecord.v0(record)), new MetadataProvenance(1, 1));
        return throttles.newIn(image);
    }
}
