package io.millrace.cli.produce;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.Counts;
import io.millrace.cli.terminal.FileTrouble;
import io.millrace.cli.terminal.StandardStreams;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.producer.Delivery;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.Serializers;
import io.millrace.client.producer.TransactionFailure;
import io.millrace.records.RecordHeader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace produce TOPIC [FILE...]}. */
@Command(
        name = "produce",
        description = "Send lines of files, or of standard input, to a topic.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "A JSON line is an object with any of key, value, headers (an object), partition, timestamp (ms since 1970).",
            "A text stands for its bytes, null for nothing, anything else for itself as JSON. Lines of millrace consume --json",
            "can be sent, too: in them bytes that are no text are base64, and topic and offset are passed over.",
            "",
            "With --transactional-id, a line that cannot be read or a record that fails has the transaction it is in aborted;",
            "those before it stay committed. One that a killed run left open is aborted after transaction.timeout.ms (60 s).",
            "",
            "Exit status: 0 if all was delivered, 1 if not, 2 if wrongly asked."
        })
public final class ProduceCommand implements Callable<Integer> {
    private static final int MOST_LINE_BYTES = 256 << 20;
    private static final int MOST_COMPLAINTS = 5;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "TOPIC", description = "Where to.")
    private String topic = "";

    @Parameters(
            index = "1..*",
            paramLabel = "FILE",
            description = "What to send, a record a line; - or nothing is standard input.")
    private List<String> files = new ArrayList<>();

    @Option(
            names = {"-K", "--key-separator"},
            paramLabel = "TEXT",
            description = "A line is a key, this, and a value (default: all of it is the value).")
    private @Nullable String keySeparator;

    @Option(names = "--json", description = "A line is a JSON object, see below.")
    private boolean isJson;

    @Option(
            names = "--null",
            paramLabel = "TEXT",
            description = "A key or value that is this text is none (a tombstone).")
    private @Nullable String nullText;

    @Option(
            names = {"-H", "--header"},
            paramLabel = "NAME=VALUE",
            description = "A header of every record.")
    private List<String> headers = new ArrayList<>();

    @Option(
            names = {"-p", "--partition"},
            paramLabel = "NUMBER",
            defaultValue = "-1",
            description = "The partition of every record (default: by key, else the producer chooses).")
    private int partition = ProducerRecord.ANY_PARTITION;

    @Option(names = "--rate", paramLabel = "COUNT", description = "Records a second at most.")
    private double rate;

    @Option(
            names = "--transactional-id",
            paramLabel = "ID",
            description = {
                "Send in transactions under this id: consumers with isolation.level=read_committed see all of one, or nothing.",
                "A run with the same id ends what an earlier one left open, and refuses it from then on."
            })
    private @Nullable String transactionalId;

    @Option(
            names = "--transaction-size",
            paramLabel = "COUNT",
            description = "With --transactional-id: commit after so many records (default: all are one transaction).")
    private @Nullable Long transactionSize;

    @Mixin
    private SendingOptions sending = new SendingOptions();

    @Option(
            names = "--progress",
            negatable = true,
            description =
                    "Show how far it is, once a second (default: if standard error is a terminal, and no lines are typed).")
    private @Nullable Boolean isProgressWanted;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    /** Made by picocli. */
    public ProduceCommand() {}

    private final AtomicLong failures = new AtomicLong();
    private volatile boolean isStopped;

    @Override
    public Integer call() throws IOException {
        if (isJson && (keySeparator != null || nullText != null)) {
            throw terminal.wronglyAsked("with --json the lines say themselves what is key, value or null");
        }
        if (keySeparator != null && keySeparator.isEmpty()) throw terminal.wronglyAsked("--key-separator is empty");
        if (rate < 0 || Double.isNaN(rate)) throw terminal.wronglyAsked("--rate " + rate + " is no rate from 0 up");
        if (partition < -1) throw terminal.wronglyAsked("--partition " + partition + " is below 0");
        ProducerOptions options = sending.toProducerOptions(cluster, terminal, "millrace-cli", transactionalId);
        Long size = transactionSize;
        if (size != null && !options.isTransactional()) {
            throw terminal.wronglyAsked("--transaction-size needs --transactional-id");
        }
        if (size != null && size < 1) throw terminal.wronglyAsked("--transaction-size " + size + " is below 1");
        LineFormat.Common common = new LineFormat.Common(topic, partition, recordHeaders());
        LineFormat format = isJson ? new JsonLines(common) : LineFormat.plain(common, keySeparator, nullText);
        Progress progress = new Progress(terminal.err(), isProgressShown());
        boolean isWhole;
        String sent;
        try (Producer<byte[], byte[]> producer = Producer.open(options, Serializers.bytes(), Serializers.bytes())) {
            RecordTransactions transactions = options.isTransactional()
                    ? new RecordTransactions(producer, size == null ? Long.MAX_VALUE : size)
                    : null;
            Run run = new Run(producer, transactions, format, progress);
            isWhole = run.sendAll(files.isEmpty() ? List.of("-") : files);
            producer.flush();
            sent = transactions == null
                    ? "Sent " + Counts.of(run.records - failures.get(), "record", "records")
                    : transactions.toString();
        }
        progress.end();
        long failed = failures.get();
        terminal.out()
                .println(String.format(
                        Locale.ROOT,
                        "%s to %s in %.1f s%s.",
                        sent,
                        topic,
                        progress.seconds(),
                        failed == 0 ? "" : String.format(Locale.ROOT, "; %,d failed", failed)));
        return failed == 0 && isWhole ? Terminal.DONE : Terminal.FAILED;
    }

    private boolean isStandardInputRead() {
        return files.isEmpty() || files.contains("-");
    }

    private boolean isProgressShown() {
        Boolean wanted = isProgressWanted;
        return wanted == null
                ? StandardStreams.isErrTerminal() && !(isStandardInputRead() && StandardStreams.isInTerminal())
                : wanted;
    }

    private List<RecordHeader> recordHeaders() {
        List<RecordHeader> all = new ArrayList<>();
        for (String pair : headers) {
            int equals = pair.indexOf('=');
            if (equals < 0) throw terminal.wronglyAsked("--header '" + pair + "' is not NAME=VALUE");
            byte[] value = pair.substring(equals + 1).getBytes(StandardCharsets.UTF_8);
            all.add(new RecordHeader(pair.substring(0, equals), ByteBuffer.wrap(value)));
        }
        return all;
    }

    private void failed(String sentence) {
        long count = failures.incrementAndGet();
        if (count <= MOST_COMPLAINTS) terminal.complain(sentence);
        if (count == MOST_COMPLAINTS) terminal.complain("more failures are counted only");
        // What did not find its topic once will not find it for each of a million lines.
        isStopped = true;
    }

    /** The sending of one run. */
    private final class Run {
        private final Producer<byte[], byte[]> producer;
        private final @Nullable RecordTransactions transactions;
        private final LineFormat format;
        private final Progress progress;
        private final long beganNanos = System.nanoTime();
        private long records;
        private long bytes;

        Run(
                Producer<byte[], byte[]> producer,
                @Nullable RecordTransactions transactions,
                LineFormat format,
                Progress progress) {
            this.producer = producer;
            this.transactions = transactions;
            this.format = format;
            this.progress = progress;
        }

        /** False if not all could be read and, where there are transactions, committed. */
        boolean sendAll(List<String> all) {
            RecordTransactions within = transactions;
            try {
                if (within != null) within.initialize();
                boolean isWhole = true;
                for (String file : all) isWhole = isWhole && sendAll(file);
                if (within != null && isWhole) within.commit();
                else if (within != null) within.abort();
                return isWhole;
            } catch (TransactionFailure failure) {
                terminal.complain(String.valueOf(failure.getMessage()));
                if (within != null && failure.isAbortable()) abortAfter(within);
                return false;
            }
        }

        private void abortAfter(RecordTransactions within) {
            try {
                within.abort();
            } catch (TransactionFailure failure) {
                terminal.complain(String.valueOf(failure.getMessage()));
            }
        }

        /** False if the file could not be read to its end. */
        private boolean sendAll(String file) {
            boolean isStandardInput = file.equals("-");
            String name = isStandardInput ? "standard input" : file;
            try (InputStream in = isStandardInput ? System.in : Files.newInputStream(Path.of(file))) {
                LineReader lines = new LineReader(in, name, MOST_LINE_BYTES);
                for (byte[] line = lines.next(); line != null && !isStopped; line = lines.next()) {
                    send(line, lines);
                }
                return !isStopped;
            } catch (IOException e) {
                terminal.complain(name + " cannot be read: " + FileTrouble.why(e));
                return false;
            }
        }

        private void send(byte[] line, LineReader lines) throws IOException {
            ProducerRecord<byte[], byte[]> record;
            try {
                record = format.record(line);
            } catch (IllegalArgumentException e) {
                throw new IOException(lines.place() + ": " + e.getMessage(), e);
            }
            if (rate > 0) pace();
            RecordTransactions within = transactions;
            if (within != null) within.beginIfNoneIsOpen();
            records++;
            bytes += line.length;
            Delivery _ = producer.send(record, (_, failure) -> {
                if (failure != null) failed(String.valueOf(failure.getMessage()));
            });
            if (within != null) within.sent();
            progress.at(records, bytes);
        }

        private void pace() {
            long dueNanos = beganNanos + (long) (records / rate * NANOS_PER_SECOND);
            for (long left = dueNanos - System.nanoTime(); left > 0; left = dueNanos - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
        }
    }
}
