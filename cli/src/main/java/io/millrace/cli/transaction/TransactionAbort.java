package io.millrace.cli.transaction;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.ActiveProducer;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace transaction abort-hanging}. */
@Command(
        name = "abort-hanging",
        description = "End a transaction of one partition that its coordinator has forgotten: it is aborted there.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "millrace topic producers --open shows where transactions begin. One that its coordinator still knows",
            "(millrace transaction list) must not be ended so: the coordinator ends it by itself."
        })
final class TransactionAbort implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Option(names = "--topic", paramLabel = "NAME", required = true, description = "The topic.")
    private String topic = "";

    @Option(names = "--partition", paramLabel = "NUMBER", required = true, description = "The partition.")
    private int partition;

    @Option(
            names = "--start-offset",
            paramLabel = "OFFSET",
            required = true,
            description = "Where the transaction begins.")
    private long startOffset;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        if (partition < 0) throw terminal.wronglyAsked("--partition " + partition + " is below 0");
        if (startOffset < 0) throw terminal.wronglyAsked("--start-offset " + startOffset + " is below 0");
        TopicPartition wanted = new TopicPartition(topic, partition);
        try (Admin admin = cluster.admin()) {
            Answer<List<ActiveProducer>> answer =
                    admin.producers().describe(List.of(wanted)).get(wanted);
            switch (answer) {
                case null -> terminal.complain("partition " + wanted + ": its leader said nothing");
                case Answer.Refused<List<ActiveProducer>>(ErrorCode error, String message) ->
                    terminal.complain("partition " + wanted + ": " + message);
                case Answer.Granted<List<ActiveProducer>>(List<ActiveProducer> producers) -> {
                    for (ActiveProducer each : producers) {
                        if (each.transactionStartOffset().equals(OptionalLong.of(startOffset)))
                            return abort(admin, wanted, each);
                    }
                    terminal.complain("partition " + wanted + ": no open transaction begins at offset " + startOffset);
                }
            }
        }
        return Terminal.FAILED;
    }

    private int abort(Admin admin, TopicPartition wanted, ActiveProducer producer) {
        Answer<Long> answer = admin.producers().abort(wanted, producer);
        if (answer instanceof Answer.Refused<Long>(ErrorCode error, String message)) {
            terminal.complain("partition " + wanted + ": " + message);
            return Terminal.FAILED;
        }
        if (json) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            fields.put("topic", topic);
            fields.put("partition", partition);
            fields.put("producerId", producer.producerId());
            fields.put("startOffset", startOffset);
            terminal.out().println(JsonText.of(fields));
        } else {
            terminal.out()
                    .println("Aborted the transaction of producer " + producer.producerId() + " from offset "
                            + startOffset + " of " + wanted + ".");
        }
        return Terminal.DONE;
    }
}
