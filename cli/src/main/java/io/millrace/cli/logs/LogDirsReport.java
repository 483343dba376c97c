package io.millrace.cli.logs;

import io.millrace.cli.terminal.Table;
import io.millrace.client.LogDirListing;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The log directories of brokers, as they are shown.
 *
 * @param byBroker by broker id
 */
record LogDirsReport(Map<Integer, List<LogDirListing>> byBroker) {
    boolean isAnyOffline() {
        return byBroker.values().stream()
                .flatMap(List::stream)
                .anyMatch(directory -> directory.error().isPresent());
    }

    /** As text: the directories, then the copies that are being made, or with {@code verbose} everything that lies in them. */
    void print(PrintWriter out, boolean verbose) {
        Table table = new Table(
                "", List.of("BROKER", "DIRECTORY", "STATE", "REPLICAS", "BYTES", "USABLE BYTES", "TOTAL BYTES"));
        byBroker.forEach((broker, directories) -> {
            for (LogDirListing directory : directories)
                table.add(
                        broker,
                        directory.path(),
                        state(directory),
                        directory.error().isPresent()
                                ? ""
                                : directory.replicas().size(),
                        directory.error().isPresent() ? "" : directory.sizeBytes(),
                        text(directory.usableBytes()),
                        text(directory.totalBytes()));
        });
        table.print(out);
        if (verbose) printReplicas(out, replica -> true);
        else if (holdsCopies()) printReplicas(out, LogDirListing.Replica::isFuture);
    }

    private boolean holdsCopies() {
        return byBroker.values().stream()
                .flatMap(List::stream)
                .flatMap(directory -> directory.replicas().stream())
                .anyMatch(LogDirListing.Replica::isFuture);
    }

    private void printReplicas(PrintWriter out, Predicate<LogDirListing.Replica> isShown) {
        Table table =
                new Table("", List.of("BROKER", "TOPIC", "PARTITION", "DIRECTORY", "KIND", "BYTES", "OFFSET LAG"));
        byBroker.forEach((broker, directories) -> {
            for (LogDirListing directory : directories)
                for (LogDirListing.Replica replica : directory.replicas())
                    if (isShown.test(replica))
                        table.add(
                                broker,
                                replica.partition().topic(),
                                replica.partition().partition(),
                                directory.path(),
                                replica.isFuture() ? "copy" : "replica",
                                replica.sizeBytes(),
                                replica.offsetLag());
        });
        out.println();
        table.print(out);
    }

    private static String state(LogDirListing directory) {
        if (directory.error().isPresent()) return "offline";
        return directory.isCordoned() ? "cordoned" : "online";
    }

    /** For JSON. */
    List<Map<String, @Nullable Object>> fields() {
        List<Map<String, @Nullable Object>> all = new ArrayList<>();
        byBroker.forEach((broker, directories) -> {
            for (LogDirListing directory : directories) all.add(fields(broker, directory));
        });
        return all;
    }

    private static Map<String, @Nullable Object> fields(int broker, LogDirListing directory) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("broker", broker);
        fields.put("directory", directory.path());
        fields.put("error", directory.error().orElse(null));
        fields.put("cordoned", directory.isCordoned());
        fields.put("totalBytes", number(directory.totalBytes()));
        fields.put("usableBytes", number(directory.usableBytes()));
        fields.put(
                "replicas",
                directory.replicas().stream().map(LogDirsReport::fields).toList());
        return fields;
    }

    private static Map<String, @Nullable Object> fields(LogDirListing.Replica replica) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("topic", replica.partition().topic());
        fields.put("partition", replica.partition().partition());
        fields.put("sizeBytes", replica.sizeBytes());
        fields.put("offsetLag", replica.offsetLag());
        fields.put("future", replica.isFuture());
        return fields;
    }

    private static @Nullable Long number(OptionalLong number) {
        return number.isPresent() ? number.getAsLong() : null;
    }

    private static String text(OptionalLong number) {
        return number.isPresent() ? Long.toString(number.getAsLong()) : "";
    }
}
