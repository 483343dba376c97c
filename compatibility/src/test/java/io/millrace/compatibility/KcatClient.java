package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.compatibility.program.RecordRule;
import io.millrace.compatibility.program.RecordRule.Seen;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** kcat: one process for whatever can be said on one command line. It has no admin client and sets no time stamps. */
final class KcatClient implements ClientUnderTest {
    private static final Path PROGRAM = Path.of("/usr/bin/kcat");
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** Separates fields on a line of output; no record of these tests has one. */
    private static final String FIELD = "\u0001";

    @Override
    public String name() {
        return "kcat";
    }

    @Override
    public void requireInstalled() {
        if (Files.isExecutable(PROGRAM)) return;
        throw new AssertionError("no kcat here (" + PROGRAM + "): run compatibility/install-clients, or leave it out by"
                + " -Dmillrace.compat.without=kcat");
    }

    @Override
    public List<String> codecs() {
        return RecordRule.CODECS;
    }

    @Override
    public boolean usesOneProducer() {
        return false;
    }

    @Override
    public boolean hasAdmin() {
        return false;
    }

    @Override
    public void produce(String bootstrap, String topic) {
        for (String codec : RecordRule.CODECS) {
            for (String acks : RecordRule.ACKS) {
                for (Seen record : RecordRule.records(codec, acks)) produce(bootstrap, topic, codec, acks, record);
            }
        }
    }

    /** One record, the only line of a file: kcat takes an empty value for a null one where -Z says so. */
    private void produce(String bootstrap, String topic, String codec, String acks, Seen record) {
        var arguments = new ArrayList<>(List.of("-P", "-t", topic, "-p", "0", "-z", codec, "-X", "acks=" + acks));
        arguments.addAll(List.of("-X", "message.max.bytes=2000000"));
        record.headers().forEach((name, value) -> arguments.addAll(List.of("-H", name + "=" + value)));
        if (record.value() == null) arguments.add("-Z");
        String value = record.value() == null ? "" : new String(record.value(), StandardCharsets.UTF_8);
        if (record.key() != null) {
            arguments.addAll(List.of("-K", FIELD));
            value = new String(record.key(), StandardCharsets.UTF_8) + FIELD + value;
        }
        arguments.addAll(List.of("-l", file(value + "\n").toString()));
        run(bootstrap, arguments);
    }

    private static Path file(String content) {
        try {
            Path folder = Files.createDirectories(Checkout.TARGET.resolve("kcat"));
            return Files.writeString(folder.resolve("record"), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void consume(String bootstrap, String topic) {
        String format = String.join(FIELD, "%K", "%k", "%S", "%s", "%h", "%T") + "\n";
        var lines = run(bootstrap, List.of("-C", "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q", "-f", format));
        var found = lines.stream().map(KcatClient::parsed).toList();
        assertEquals(List.of(), RecordRule.problems(found, RecordRule.CODECS, true));
    }

    private static Seen parsed(String line) {
        String[] fields = line.split(FIELD, -1);
        var headers = new HashMap<String, String>();
        for (String header : fields[4].split(",", -1)) {
            if (!header.isEmpty()) headers.put(header.split("=", 2)[0], header.split("=", 2)[1]);
        }
        return new Seen(bytes(fields[0], fields[1]), bytes(fields[2], fields[3]), headers, Long.parseLong(fields[5]));
    }

    private static byte[] bytes(String length, String text) {
        return length.equals("-1") ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void readPositions(String bootstrap, String topic) {
        assertEquals(List.of("0"), one(bootstrap, topic, "beginning"));
        assertEquals(List.of("42"), one(bootstrap, topic, "42"));
        assertEquals(List.of("90"), one(bootstrap, topic, "-10"));
        assertEquals(List.of("58"), one(bootstrap, topic, "s@" + (RecordRule.FIRST_TIMESTAMP_MS + 57_500)));
        try (var atTheEnd = start("kcat at the end", bootstrap, consumeOne(topic, "end"))) {
            var record = new Seen(null, "new".getBytes(StandardCharsets.UTF_8), Map.of(), 0);
            // when it has found the end is not seen from outside: write until it gets one
            Await.until("kcat reads a record from the end", PATIENCE, () -> {
                if (atTheEnd.isAlive()) produce(bootstrap, topic, "none", "all", record);
                return !atTheEnd.isAlive();
            });
            assertEquals(0, atTheEnd.awaitExit(PATIENCE), atTheEnd::output);
            assertEquals(List.of("new"), atTheEnd.lines());
        }
    }

    private List<String> one(String bootstrap, String topic, String offset) {
        return run(bootstrap, consumeOne(topic, offset));
    }

    private static List<String> consumeOne(String topic, String offset) {
        return List.of("-C", "-t", topic, "-p", "0", "-o", offset, "-c", "1", "-q", "-f", "%s\n");
    }

    @Override
    public List<String> take(String bootstrap, String topic, String group, int recordCount) {
        return run(bootstrap, member(group, topic, "%s\n", "-c", String.valueOf(recordCount)));
    }

    @Override
    public List<ChildProcess> startMembers(String bootstrap, String topic, String group, int memberCount) {
        var members = new ArrayList<ChildProcess>();
        for (int at = 0; at < memberCount; at++) {
            // kcat commits when partitions are taken from it, whatever enable.auto.commit says, and a record it was
            // handed but
            // has not printed is among what it commits: one that leaves then loses it. So nothing is stored to be
            // committed.
            var arguments = member(
                    group,
                    topic,
                    "record %p %o %s\n",
                    "-u",
                    "-X",
                    "enable.auto.commit=false",
                    "-X",
                    "enable.auto.offset.store=false");
            members.add(start("kcat, member", bootstrap, arguments));
        }
        return members;
    }

    /** kcat commits what it has printed, now and then and when it leaves. */
    private static List<String> member(String group, String topic, String format, String... more) {
        var arguments = new ArrayList<>(List.of("-q", "-f", format));
        arguments.addAll(List.of("-X", "auto.offset.reset=earliest", "-X", "session.timeout.ms=3000"));
        arguments.addAll(List.of("-X", "heartbeat.interval.ms=300", "-X", "auto.commit.interval.ms=200"));
        arguments.addAll(List.of(more));
        arguments.addAll(List.of("-G", group, topic));
        return arguments;
    }

    @Override
    public void administer(String bootstrap, String prefix) {
        throw new UnsupportedOperationException("kcat has no admin client");
    }

    private List<String> run(String bootstrap, List<String> arguments) {
        return ChildProcess.run(
                "kcat " + arguments, Checkout.TARGET, Map.of(), PATIENCE, command(bootstrap, arguments));
    }

    private ChildProcess start(String name, String bootstrap, List<String> arguments) {
        return ChildProcess.start(name, Checkout.TARGET, Map.of(), command(bootstrap, arguments));
    }

    private static List<String> command(String bootstrap, List<String> arguments) {
        var command = new ArrayList<>(List.of(PROGRAM.toString(), "-b", bootstrap));
        command.addAll(arguments);
        return command;
    }
}
