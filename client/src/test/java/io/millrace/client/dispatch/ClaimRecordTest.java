package io.millrace.client.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.testkit.Property;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ClaimRecordTest {
    @Test
    void whatIsWrittenIsReadBack() {
        Property.check(random -> {
            String businessKey = random.pick("", "k", "a key with spaces ", "P 1", " ", "ключ");
            String claimId = random.pick("i", "0".repeat(ClaimRecord.MOST_ID_CHARS), "-1");
            long expiresAtMs = random.nextLong();
            ClaimRecord record = random.pick(
                    new ClaimRecord.Processing(businessKey, claimId, expiresAtMs),
                    new ClaimRecord.Done(businessKey, claimId, expiresAtMs),
                    new ClaimRecord.Released(businessKey, claimId));
            assertEquals(Optional.of(record), ClaimRecord.of(record.recordKey(), record.value()));
        });
    }

    @Test
    void allWordsOfOneClaimOnAKeyHaveOneRecordKey() {
        assertEquals("id order 7", new ClaimRecord.Processing("order 7", "id", 5).recordKey());
        assertEquals("id order 7", new ClaimRecord.Released("order 7", "id").recordKey());
        assertEquals("P 5", new ClaimRecord.Processing("order 7", "id", 5).value());
        assertEquals("D 5", new ClaimRecord.Done("order 7", "id", 5).value());
    }

    @Test
    void whatSomebodyElseWroteIntoTheTopicIsPassedOver() {
        for (String value : List.of("", "P", "P ", "P5", "X 5", "P x", "P 99999999999999999999", "D 5 ", "p 5"))
            assertEquals(Optional.empty(), ClaimRecord.of("id key", value), value);
        for (@Nullable String key : new @Nullable String[] {null, "", "nospace", " key", "i".repeat(65) + " key"})
            assertEquals(Optional.empty(), ClaimRecord.of(key, "P 5"), String.valueOf(key));
    }
}
