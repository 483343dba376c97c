package io.millrace.cli.group;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.cli.terminal.Moment;
import io.millrace.client.CommittedOffset;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResetGoalTest {
    private static final TopicPartition PARTITION = new TopicPartition("t", 0);

    @TempDir
    private Path directory = Path.of("");

    private static ResetGoal.Known known(@Nullable Long committed, long offsetOfTime) {
        return new ResetGoal.Known(
                PARTITION, committed == null ? null : new CommittedOffset(committed, -1, ""), 10, 100, offsetOfTime);
    }

    @Test
    void everyGoalIsAnOffsetWithinTheLog() {
        ResetGoal.Known at50 = known(50L, 70);
        assertEquals(OptionalLong.of(10), new ResetGoal.Earliest().target(at50));
        assertEquals(OptionalLong.of(100), new ResetGoal.Latest().target(at50));
        assertEquals(OptionalLong.of(50), new ResetGoal.Current().target(at50));
        assertEquals(OptionalLong.of(70), new ResetGoal.Time(1).target(at50));
        assertEquals(OptionalLong.of(47), new ResetGoal.Shift(-3).target(at50));
        assertEquals(OptionalLong.of(20), new ResetGoal.Listed(Map.of(PARTITION, 20L)).target(at50));
        assertEquals(OptionalLong.of(10), new ResetGoal.Offset(3).target(at50));
        assertEquals(OptionalLong.of(100), new ResetGoal.Offset(300).target(at50));
        assertEquals(OptionalLong.of(100), new ResetGoal.Shift(Long.MAX_VALUE).target(at50));
        assertEquals(OptionalLong.of(10), new ResetGoal.Shift(Long.MIN_VALUE).target(at50));
    }

    @Test
    void aTimeBehindTheLastRecordIsTheEnd() {
        assertEquals(OptionalLong.of(100), new ResetGoal.Time(1).target(known(50L, -1)));
    }

    @Test
    void withoutACommitThereIsNothingToShiftAndTheCurrentPlaceIsTheEnd() {
        assertEquals(OptionalLong.empty(), new ResetGoal.Shift(1).target(known(null, -1)));
        assertEquals(OptionalLong.of(100), new ResetGoal.Current().target(known(null, -1)));
    }

    @Test
    void aFileReadsBackWhatWasWrittenAndIsNotWrittenOver() throws IOException {
        Path file = directory.resolve("undo");
        Map<TopicPartition, Long> offsets =
                Map.of(PARTITION, 5L, new TopicPartition("u.v", 12), 0L, new TopicPartition("n", 0), OffsetFile.NONE);
        OffsetFile.write(file, offsets);
        assertEquals(offsets, OffsetFile.read(file));
        assertThrows(FileAlreadyExistsException.class, () -> OffsetFile.write(file, offsets));
    }

    @Test
    void aWrongFileIsRefusedNamingTheLine() throws IOException {
        Path file = directory.resolve("wrong");
        for (String line : List.of("t,0", "t,0,1,2", ",0,1", "t,-1,1", "t,0,-2", "t,x,1", "t,0,x", "t,1,1")) {
            Files.write(file, List.of("t,1,1", line));
            var refused = assertThrows(IllegalArgumentException.class, () -> OffsetFile.read(file), line);
            assertTrue(String.valueOf(refused.getMessage()).contains("line 2"), refused::getMessage);
        }
        Files.write(file, List.of(""));
        assertThrows(IllegalArgumentException.class, () -> OffsetFile.read(file));
    }

    @Test
    void momentsAreReadInUtcUnlessTheySayOtherwise() {
        assertEquals(1_500L, Moment.parse("1500"));
        assertEquals(86_400_000L, Moment.parse("1970-01-02"));
        assertEquals(3_600_000L, Moment.parse("1970-01-01T01:00:00"));
        assertEquals(3_600_500L, Moment.parse("1970-01-01T02:00:00.500+01:00"));
        assertEquals(0L, Moment.parse("1970-01-01T00:00:00Z"));
        for (String wrong : List.of("", "x", "-1", "1969-12-31", "1970-13-01", "99999999999999999999", "12:00"))
            assertThrows(IllegalArgumentException.class, () -> Moment.parse(wrong), wrong);
    }
}
