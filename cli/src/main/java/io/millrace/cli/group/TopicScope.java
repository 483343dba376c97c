package io.millrace.cli.group;

import io.millrace.cli.terminal.Terminal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Reads {@code --topic TOPIC[:NUMBER,...]}. */
final class TopicScope {
    private TopicScope() {}

    /** The topics with the numbers of their partitions; no number stands for all of them. */
    static Map<String, Set<Integer>> read(List<String> texts, Terminal terminal) {
        Map<String, Set<Integer>> scope = new LinkedHashMap<>();
        for (String text : texts) {
            int colon = text.indexOf(':');
            String topic = colon < 0 ? text : text.substring(0, colon);
            Set<Integer> numbers = new TreeSet<>();
            if (colon >= 0) {
                for (String number : text.substring(colon + 1).split(",", -1))
                    numbers.add(number(number, text, terminal));
            }
            if (topic.isEmpty() || scope.put(topic, numbers) != null)
                throw terminal.wronglyAsked("--topic " + text + ": want each topic once, as TOPIC or TOPIC:0,1");
        }
        return scope;
    }

    private static int number(String digits, String text, Terminal terminal) {
        try {
            int number = Integer.parseInt(digits.strip());
            if (number >= 0) return number;
        } catch (NumberFormatException e) {
            throw terminal.wronglyAsked("--topic " + text + ": '" + digits + "' is no partition");
        }
        throw terminal.wronglyAsked("--topic " + text + ": " + digits + " is below 0");
    }
}
