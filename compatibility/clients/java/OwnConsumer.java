import io.millrace.client.CommittedOffset;
import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.ConsumerRecords;
import io.millrace.client.consumer.Deserializers;
import io.millrace.records.TopicPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Our own consumer as an application would use it, with the program's jar on the class path. It is assigned all
 * partitions of a topic, and commits for a group.
 *
 * <pre>
 * take BROKER TOPIC GROUP COUNT HOW [NAME VALUE]...   reads so many records at least, and prints record PARTITION OFFSET VALUE;
 *                                                     HOW it commits: each, poll, async, auto, none
 * commit BROKER TOPIC GROUP PARTITION OFFSET METADATA commits that
 * committed BROKER TOPIC GROUP                        prints committed PARTITION OFFSET EPOCH METADATA
 * </pre>
 *
 * After a commit that it waited for it prints {@code sure PARTITION OFFSET}; a failure as {@code failed ERROR SENTENCE}.
 */
final class OwnConsumer {
    /** So many commits are under way at most before it waits for them. */
    private static final int ENOUGH = 1_000;
    private static final Duration POLL = Duration.ofMillis(200);

    private OwnConsumer() {}

    public static void main(String[] args) {
        String topic = args[2];
        int named = args[0].equals("take") ? 6 : args.length;
        ConsumerOptions options = ConsumerOptions.of(Map.of("bootstrap.servers", args[1], "group.id", args[3]))
                .with("auto.offset.reset", "earliest")
                .with("auto.commit.interval.ms", 50)
                .with("enable.auto.commit", args[0].equals("take") && args[5].equals("auto"));
        for (int at = named; at + 1 < args.length; at += 2) options = options.with(args[at], args[at + 1]);
        try (Consumer<String, String> consumer =
                Consumer.open(options, Deserializers.string(), Deserializers.string())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic);
            consumer.assign(partitions);
            switch (args[0]) {
                case "take" -> take(consumer, Integer.parseInt(args[4]), args[5]);
                case "commit" ->
                    consumer.commit(Map.of(
                            partitions.get(Integer.parseInt(args[4])),
                            new CommittedOffset(Long.parseLong(args[5]), -1, args[6])));
                case "committed" ->
                    consumer.committed(partitions)
                            .forEach((partition, offset) -> say("committed " + partition.partition() + " "
                                    + offset.offset() + " " + offset.leaderEpoch() + " " + offset.metadata()));
                default -> throw new IllegalArgumentException(args[0]);
            }
        } catch (ConsumerFailure failure) {
            say("failed " + failure.error() + " " + failure.getMessage());
            System.exit(1);
        }
        say("done");
    }

    private static void take(Consumer<String, String> consumer, int count, String how) {
        int taken = 0;
        List<CompletableFuture<Void>> commits = new ArrayList<>();
        while (taken < count) {
            ConsumerRecords<String, String> records = consumer.poll(POLL);
            for (ConsumerRecord<String, String> each : records) {
                say("record " + each.partition() + " " + each.offset() + " " + each.value());
                taken++;
                if (how.equals("async")) commits.add(consumer.commitAsync(each));
                if (!how.equals("each")) continue;
                consumer.commit(each);
                say("sure " + each.partition() + " " + (each.offset() + 1));
            }
            if (commits.size() >= ENOUGH) joinAll(commits);
            if (!how.equals("poll") || records.isEmpty()) continue;
            consumer.commit();
            for (TopicPartition each : records.partitions())
                say("sure " + each.partition() + " " + consumer.position(each));
        }
        joinAll(commits);
    }

    private static void joinAll(List<CompletableFuture<Void>> commits) {
        CompletableFuture.allOf(commits.toArray(CompletableFuture[]::new)).join();
        commits.clear();
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
