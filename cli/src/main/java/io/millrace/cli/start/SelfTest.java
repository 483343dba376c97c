package io.millrace.cli.start;

import io.millrace.client.Admin;
import io.millrace.client.AdminOptions;
import io.millrace.client.Answer;
import io.millrace.client.ConfigAdmin;
import io.millrace.client.HostAndPort;
import io.millrace.client.NewTopic;
import io.millrace.client.OffsetAdmin;
import io.millrace.client.PartitionAccess;
import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.TopicPartition;
import io.millrace.server.Ready;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Starts a node in a temporary directory, has records written and read over loopback, and takes it all away again. What a
 * packager can run after installing; and what the AOT cache is made of, as it walks the ways that a start and the first
 * clients walk.
 */
public final class SelfTest {
    private static final String TOPIC = "selftest";
    private static final int DEFAULT_BATCHES = 300;
    private static final int RECORDS_PER_BATCH = 20;
    private static final int VALUE_BYTES = 100;
    private static final int FETCH_BYTES = 64 << 10;
    private static final int FETCH_WAIT_MS = 1_000;
    private static final int FAILED = 1;
    private static final int DONE = 0;

    private final String version;
    private final int batches;
    private final PrintStream out;
    private final PrintStream err;

    /** A test of some seconds at most, which tells what it finds. */
    public SelfTest(String version, PrintStream out, PrintStream err) {
        this(version, DEFAULT_BATCHES, out, err);
    }

    /**
     * The same with more to do.
     *
     * @param batches how many of {@value #RECORDS_PER_BATCH} records are written, each as a request; at least 1. Each of the
     *     fetches that follow reads what fits into {@value #FETCH_BYTES} bytes, and there are a third as many at least
     */
    public SelfTest(String version, int batches, PrintStream out, PrintStream err) {
        this.version = version;
        this.batches = batches;
        this.out = out;
        this.err = err;
    }

    /** Begins; ends the process with 0 if all went well, else with 1. */
    public void run() {
        Path directory;
        try {
            directory = Files.createTempDirectory("millrace-selftest");
        } catch (IOException e) {
            throw new UncheckedIOException("there is no place for a temporary directory", e);
        }
        StartOptions options = StartOptions.parse(List.of(
                "--data",
                directory.resolve("data").toString(),
                "--listen",
                "127.0.0.1:0",
                "--set",
                "millrace.metrics.address=127.0.0.1:0",
                "--set",
                "offsets.topic.num.partitions=2"));
        new Start(
                        options,
                        version,
                        out,
                        err,
                        (ready, process) ->
                                Thread.ofPlatform().name("selftest").start(() -> test(ready, process, directory)))
                .run();
    }

    private void test(Ready ready, NodeProcess process, Path directory) {
        int status = FAILED;
        try {
            HostAndPort address =
                    new HostAndPort("127.0.0.1", ready.listeners().getFirst().port());
            try (Admin admin = Admin.of(List.of(address), AdminOptions.DEFAULT)) {
                exercise(admin);
            }
            status = process.stop()
                    .map(problem -> {
                        err.println("millrace: " + problem);
                        return FAILED;
                    })
                    .orElse(DONE);
        } catch (RuntimeException failed) {
            err.println("millrace: the self-test failed: " + failed.getMessage());
            process.stop();
        }
        remove(directory);
        if (status == DONE)
            out.println("The self-test wrote and read " + batches * RECORDS_PER_BATCH + " records: all is well.");
        System.exit(status);
    }

    private void exercise(Admin admin) {
        granted(admin.topics()
                .create(List.of(new NewTopic(TOPIC, 2, 1, List.of(), Map.of("retention.ms", "3600000"))), false)
                .get(TOPIC));
        TopicPartition partition = new TopicPartition(TOPIC, 1);
        PartitionAccess access = admin.partition(partition);
        for (int batch = 0; batch < batches; batch++) granted(access.append(batch(batch)));
        long records = (long) batches * RECORDS_PER_BATCH;
        long next = 0;
        int fetches = 0;
        for (; next < records; fetches++) next = read(access, next);
        for (; fetches < batches / 3; fetches++) read(access, fetches * 3L * RECORDS_PER_BATCH);
        long end = granted(
                admin.offsets().find(List.of(partition), OffsetAdmin.LATEST).get(partition));
        if (end != next) throw new IllegalStateException("read up to offset " + next + ", and the log ends at " + end);
        granted(admin.topics().describe(List.of(TOPIC)).get(TOPIC));
        granted(admin.configs().describe(ConfigAdmin.Kind.TOPIC, List.of(TOPIC)).get(TOPIC));
        admin.groups().committedOffsets(TOPIC);
        admin.groups().list();
        granted(admin.topics().delete(List.of(TOPIC)).get(TOPIC));
    }

    private static ByteBuffer batch(int number) {
        BatchBuilder batch = BatchBuilder.forProducer(Compression.NONE, 0);
        byte[] value = "x".repeat(VALUE_BYTES).getBytes(StandardCharsets.US_ASCII);
        for (int record = 0; record < RECORDS_PER_BATCH; record++)
            batch.append(
                    System.currentTimeMillis(),
                    Integer.toString(number).getBytes(StandardCharsets.US_ASCII),
                    value,
                    List.of());
        return batch.build();
    }

    /** Reads some whole batches and gives the offset behind the last of them. */
    private static long read(PartitionAccess access, long fromOffset) {
        ByteBuffer batches = granted(access.read(fromOffset, FETCH_BYTES, FETCH_WAIT_MS));
        long next = fromOffset;
        int at = batches.position();
        while (at + BatchHeader.HEADER_BYTES <= batches.limit()) {
            int sizeBytes = BatchHeader.sizeBytes(batches, at);
            if (at + sizeBytes > batches.limit()) break;
            next = BatchHeader.nextOffset(batches, at);
            at += sizeBytes;
        }
        if (next == fromOffset) throw new IllegalStateException("nothing came back from offset " + fromOffset);
        return next;
    }

    private static <T> T granted(@Nullable Answer<T> answer) {
        return switch (answer) {
            case Answer.Granted<T>(T value) -> value;
            case Answer.Refused<T>(var error, String message) -> throw new IllegalStateException(message);
            case null -> throw new IllegalStateException("an answer is missing");
        };
    }

    private void remove(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        } catch (IOException e) {
            err.println("millrace: " + directory + " could not be removed: " + e.getMessage());
        }
    }
}
