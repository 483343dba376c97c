package io.millrace.cli.topic;

import io.millrace.cli.terminal.Terminal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A mixin: the topics that are meant, named plainly or, as Kafka's tool wants it, after {@code --topic}. */
final class TopicNames {
    @Parameters(arity = "0..*", paramLabel = "NAME", description = "Topics, by name.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--topic", paramLabel = "NAME", description = "The same as naming it.", hidden = true)
    private List<String> options = new ArrayList<>();

    /** All that were named, each once, perhaps none. */
    List<String> given() {
        Set<String> given = new LinkedHashSet<>(names);
        given.addAll(options);
        return List.copyOf(given);
    }

    /** All that were named; none is wrong. */
    List<String> required(Terminal terminal) {
        List<String> given = given();
        if (given.isEmpty()) throw terminal.wronglyAsked("name at least one topic");
        return given;
    }
}
