package io.millrace.cli.topic;

import io.millrace.cli.terminal.Terminal;
import io.millrace.client.TopicListing;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Which of the cluster's topics are meant when none is named. */
record TopicFilter(@Nullable Pattern name, boolean excludesInternal) {
    static TopicFilter of(@Nullable String regex, boolean excludesInternal, Terminal terminal) {
        try {
            return new TopicFilter(regex == null ? null : Pattern.compile(regex), excludesInternal);
        } catch (PatternSyntaxException e) {
            throw terminal.wronglyAsked("--matching " + regex + " is not a regular expression: " + e.getDescription());
        }
    }

    boolean accepts(TopicListing topic) {
        if (excludesInternal && topic.isInternal()) return false;
        return name == null || name.matcher(topic.name()).matches();
    }
}
