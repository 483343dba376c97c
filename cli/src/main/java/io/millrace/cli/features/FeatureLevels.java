package io.millrace.cli.features;

import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Answer;
import io.millrace.metadata.MetadataVersion;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Levels of features as users write and read them: numbers, and for {@code metadata.version} releases too. */
public final class FeatureLevels {
    private FeatureLevels() {}

    /** Reads {@code FEATURE=LEVEL} pairs; others end the command with status 2. */
    static Map<String, Integer> parse(List<String> pairs, Terminal terminal) {
        Map<String, Integer> levels = new LinkedHashMap<>();
        for (String pair : pairs) {
            int equals = pair.indexOf('=');
            if (equals < 1) throw terminal.wronglyAsked(pair + " is not of the form FEATURE=LEVEL");
            String feature = pair.substring(0, equals);
            if (levels.put(feature, level(feature, pair.substring(equals + 1), terminal)) != null)
                throw terminal.wronglyAsked(feature + " is named twice");
        }
        return levels;
    }

    private static int level(String feature, String text, Terminal terminal) {
        try {
            int level = Integer.parseInt(text);
            if (level >= 0 && level <= Short.MAX_VALUE) return level;
            throw terminal.wronglyAsked(
                    "level " + level + " of " + feature + " is not in [0, " + Short.MAX_VALUE + "]");
        } catch (NumberFormatException notANumber) {
            if (!feature.equals(MetadataVersion.FEATURE_NAME))
                throw terminal.wronglyAsked("level " + text + " of " + feature + " is not a number");
            return MetadataVersion.named(text)
                    .map(MetadataVersion::level)
                    .orElseThrow(() -> terminal.wronglyAsked("metadata.version " + text + " is not one of "
                            + MetadataVersion.names() + ", nor a number"));
        }
    }

    /** A level with the release it stands for, where there is one. */
    public static String text(String feature, int level) {
        if (!feature.equals(MetadataVersion.FEATURE_NAME)) return String.valueOf(level);
        return MetadataVersion.atLevel(level)
                .map(version -> version + " (" + level + ")")
                .orElse(String.valueOf(level));
    }

    /** Tells what has, or could have, been changed. */
    static int tell(Map<String, Answer<Integer>> outcomes, boolean isOnlyAsked, Terminal terminal) {
        int status = terminal.tell("feature", outcomes, Set.of(), level -> {});
        outcomes.forEach((feature, answer) -> {
            if (answer instanceof Answer.Granted<Integer>(Integer level))
                terminal.out()
                        .println(feature + (isOnlyAsked ? " could be set to " : " is set to ") + text(feature, level)
                                + ".");
        });
        return status;
    }
}
