package io.millrace.metadata.config;

import io.millrace.protocol.ErrorCode;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The three properties of a client-metrics subscription (KIP-714). */
public final class ClientMetricsConfigs {
    private static final int LEAST_INTERVAL_MS = 100;
    private static final int MOST_INTERVAL_MS = 3_600_000;
    private static final Set<String> SELECTORS = Set.of(
            "client_instance_id",
            "client_id",
            "client_software_name",
            "client_software_version",
            "client_source_address",
            "client_source_port");

    /** Why a subscription's properties are not taken. */
    public record Refusal(ErrorCode error, String message) {}

    private static final class Holder {
        private static final ConfigTable TABLE = ConfigTable.load("client-metrics.configs");
    }

    private ClientMetricsConfigs() {}

    /** All properties of a subscription. */
    public static ConfigTable table() {
        return Holder.TABLE;
    }

    /** Why these may not be a subscription's properties; empty if they may. */
    public static Optional<Refusal> refusal(Map<String, String> properties) {
        for (Map.Entry<String, String> property : new TreeMap<>(properties).entrySet()) {
            Optional<ConfigDefinition> definition = table().find(property.getKey());
            if (definition.isEmpty())
                return Optional.of(new Refusal(
                        ErrorCode.INVALID_REQUEST, "Unknown client metrics configuration: " + property.getKey()));
            switch (definition.get().check(property.getValue())) {
                case ConfigCheck.Invalid(String message) -> {
                    return Optional.of(new Refusal(ErrorCode.INVALID_CONFIG, message));
                }
                case ConfigCheck.Valid(String canonical) -> {
                    Optional<Refusal> refusal = refusal(property.getKey(), canonical);
                    if (refusal.isPresent()) return refusal;
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<Refusal> refusal(String name, String canonical) {
        if (name.equals("interval.ms")) {
            int intervalMs = Integer.parseInt(canonical);
            if (intervalMs < LEAST_INTERVAL_MS || intervalMs > MOST_INTERVAL_MS)
                return Optional.of(new Refusal(
                        ErrorCode.INVALID_REQUEST,
                        "Invalid value " + canonical + " for interval.ms, interval must be between " + LEAST_INTERVAL_MS
                                + " and " + MOST_INTERVAL_MS + " (1 hour)"));
        }
        if (name.equals("match")) {
            for (String pattern : ConfigValues.list(canonical))
                if (!isSelector(pattern))
                    return Optional.of(
                            new Refusal(ErrorCode.INVALID_CONFIG, "Illegal client matching pattern: " + pattern));
        }
        return Optional.empty();
    }

    /** {@code selector=regular expression}. */
    private static boolean isSelector(String text) {
        int equals = text.indexOf('=');
        if (equals < 0 || text.indexOf('=', equals + 1) >= 0) return false;
        if (!SELECTORS.contains(text.substring(0, equals).trim())) return false;
        try {
            Pattern.compile(text.substring(equals + 1).trim());
            return true;
        } catch (PatternSyntaxException notAPattern) {
            return false;
        }
    }
}
