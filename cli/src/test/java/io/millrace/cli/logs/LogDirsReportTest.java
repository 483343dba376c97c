package io.millrace.cli.logs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.cli.terminal.JsonText;
import io.millrace.client.LogDirListing;
import io.millrace.client.LogDirListing.Replica;
import io.millrace.records.TopicPartition;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class LogDirsReportTest {
    private static final TopicPartition T = new TopicPartition("t", 0);
    private static final LogDirListing ONE = new LogDirListing(
            "/one",
            Optional.empty(),
            OptionalLong.of(1000),
            OptionalLong.of(900),
            true,
            List.of(new Replica(T, 60, 0, false)));
    private static final LogDirListing OTHER = new LogDirListing(
            "/other",
            Optional.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            false,
            List.of(new Replica(T, 20, 7, true)));
    private static final LogDirListing LOST = new LogDirListing(
            "/lost", Optional.of("it failed"), OptionalLong.empty(), OptionalLong.empty(), false, List.of());

    private static String printed(LogDirsReport report, boolean verbose) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        report.print(out, verbose);
        out.flush();
        return text.toString();
    }

    @Test
    void directoriesAreShownWithTheirStateAndTheCopiesUnderWayBelow() {
        LogDirsReport report = new LogDirsReport(Map.of(1, List.of(LOST, ONE, OTHER)));
        assertTrue(report.isAnyOffline());
        assertEquals("""
                BROKER  DIRECTORY  STATE     REPLICAS  BYTES  USABLE BYTES  TOTAL BYTES
                     1  /lost      offline          -      -             -            -
                     1  /one       cordoned         1     60           900         1000
                     1  /other     online           1     20             -            -

                BROKER  TOPIC  PARTITION  DIRECTORY  KIND  BYTES  OFFSET LAG
                     1  t              0  /other     copy     20           7
                """, printed(report, false));
        assertTrue(printed(report, true).contains("/one       replica"), () -> printed(report, true));
    }

    @Test
    void theJsonHasEveryReplica() {
        LogDirsReport report = new LogDirsReport(Map.of(1, List.of(ONE)));
        assertFalse(report.isAnyOffline());
        assertEquals(
                "[{\"broker\":1,\"directory\":\"/one\",\"error\":null,\"cordoned\":true,\"totalBytes\":1000,\"usableBytes\":900,"
                        + "\"replicas\":[{\"topic\":\"t\",\"partition\":0,\"sizeBytes\":60,\"offsetLag\":0,\"future\":false}]}]",
                JsonText.of(report.fields()));
    }

    @Test
    void aMoveIsUnderWayWhileThereIsACopyAndDoneWhenTheReplicaIsWhereItIsWanted() {
        MoveProgress underWay = MoveProgress.of(List.of(ONE, OTHER), T, "/other");
        assertTrue(underWay.isUnderWay());
        assertFalse(underWay.isDone());
        assertEquals("t-0: 20 of 60 bytes, 7 offsets behind", underWay.sentence());
        MoveProgress done = MoveProgress.of(List.of(ONE), T, "/one");
        assertTrue(done.isDone());
        assertEquals("t-0: in /one", done.sentence());
        MoveProgress givenUp = MoveProgress.of(List.of(ONE), T, "/other");
        assertFalse(givenUp.isUnderWay() || givenUp.isDone());
    }
}
