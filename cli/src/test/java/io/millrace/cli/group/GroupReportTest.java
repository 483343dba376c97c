package io.millrace.cli.group;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.client.CommittedOffset;
import io.millrace.client.GroupDescription;
import io.millrace.client.HostAndPort;
import io.millrace.records.TopicPartition;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GroupReportTest {
    private static final GroupDescription.Member MEMBER = new GroupDescription.Member(
            "m", null, "c", "/127.0.0.1", List.of(new TopicPartition("t", 1), new TopicPartition("t", 0)));
    private static final GroupDescription GROUP = new GroupDescription(
            "g", "classic", "Stable", "consumer", "range", new HostAndPort("h", 1), List.of(MEMBER));

    private static GroupLag lag(int partition, @Nullable CommittedOffset committed, OptionalLong end, boolean isRead) {
        GroupLag.Log log = new GroupLag.Log(OptionalLong.of(0), end, OptionalLong.of(1_000));
        OptionalLong lagMs = committed == null ? OptionalLong.empty() : OptionalLong.of(61_001);
        return new GroupLag(new TopicPartition("t", partition), committed, log, lagMs, isRead ? MEMBER : null);
    }

    private static String printed(Consumer<PrintWriter> print) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        print.accept(out);
        out.flush();
        return text.toString();
    }

    @Test
    void lagIsKnownWhenBothEndsAreAndNeverNegative() {
        CommittedOffset seven = new CommittedOffset(7, -1, "");
        assertEquals(
                OptionalLong.of(3), lag(0, seven, OptionalLong.of(10), true).lag());
        assertEquals(OptionalLong.of(0), lag(0, seven, OptionalLong.of(5), true).lag());
        assertEquals(
                OptionalLong.empty(), lag(0, null, OptionalLong.of(5), true).lag());
        assertEquals(
                OptionalLong.empty(), lag(0, seven, OptionalLong.empty(), true).lag());
    }

    @Test
    void bytesBehindAreInProportionToOffsetsAndAllOfThemWhereTheLogWasCut() {
        CommittedOffset seven = new CommittedOffset(7, -1, "");
        assertEquals(
                OptionalLong.of(300), lag(0, seven, OptionalLong.of(10), true).lagBytes());
        assertEquals(OptionalLong.of(0), lag(0, seven, OptionalLong.of(7), true).lagBytes());
        GroupLag.Log cut = new GroupLag.Log(OptionalLong.of(8), OptionalLong.of(10), OptionalLong.of(1_000));
        assertEquals(
                OptionalLong.of(1_000),
                new GroupLag(new TopicPartition("t", 0), seven, cut, OptionalLong.empty(), null).lagBytes());
    }

    @Test
    void offsetsArePrintedWithADashForWhatIsNotKnown() {
        GroupReport report = new GroupReport(
                GROUP,
                List.of(
                        lag(0, new CommittedOffset(7, 2, "note"), OptionalLong.of(10), true),
                        lag(1, null, OptionalLong.of(4), false)));
        assertEquals("""
                GROUP  TOPIC  PARTITION  COMMITTED  LOG-END  LAG  LAG-BYTES  LAG-SECONDS  MEMBER  HOST        CLIENT
                g      t              0          7       10    3        300           62  m       /127.0.0.1  c
                g      t              1          -        4    -          -            -  -       -           -
                """, printed(out -> report.printOffsets(out, false)));
    }

    @Test
    void membersArePrintedWithTheirPartitionsByTopic() {
        assertEquals("""
                GROUP  MEMBER  INSTANCE  HOST        CLIENT  PARTITIONS  ASSIGNMENT
                g      m              -  /127.0.0.1  c                2  t(0,1)
                """, printed(out -> new GroupReport(GROUP, List.of()).printMembers(out, true)));
    }

    @Test
    void anEmptyGroupIsSaidToBeSo() {
        GroupDescription empty =
                new GroupDescription("g", "classic", "Empty", "", "", new HostAndPort("h", 1), List.of());
        GroupReport report = new GroupReport(empty, List.of());
        assertEquals("Group g has no members.\n", printed(out -> report.printMembers(out, false)));
        assertEquals(
                "Group g has committed nothing and reads nothing.\n", printed(out -> report.printOffsets(out, false)));
        assertEquals(
                "Group g: state Empty, type classic, assignor -, members 0, coordinator h:1\n",
                printed(report::printState));
    }
}
