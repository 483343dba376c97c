package io.millrace.server.format;

import io.millrace.metadata.MetadataVersion;
import io.millrace.raft.Voter;
import io.millrace.raft.VoterAddresses;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the operator says about formatting on the command line, in the words of Kafka's storage tool.
 *
 * @param clusterId {@code --cluster-id}
 * @param releaseVersion {@code --release-version}, such as {@code 4.4} or {@code 4.4-IV2}
 * @param features {@code --feature NAME=LEVEL}
 * @param quorum {@code --standalone}, {@code --initial-controllers} or {@code --no-initial-controllers}
 * @param ignoreFormatted {@code --ignore-formatted}
 */
public record FormatOptions(
        String clusterId,
        Optional<String> releaseVersion,
        Map<String, Short> features,
        QuorumChoice quorum,
        boolean ignoreFormatted) {
    /** The voter endpoint of a node that has no controller listener. */
    private static final Voter.Endpoint DEFAULT_ENDPOINT = new Voter.Endpoint("CONTROLLER", "localhost", 9093);

    /** Which quorum the operator asked for. */
    public sealed interface QuorumChoice {
        /** None: {@code controller.quorum.voters} must say who votes. */
        record Unstated() implements QuorumChoice {}

        /**
         * This node alone unless {@code controller.quorum.voters} says who votes, or it is no controller: for {@code start} on an
         * empty directory.
         */
        record StandaloneUnlessStatic() implements QuorumChoice {}

        /** {@code --standalone}. */
        record Standalone() implements QuorumChoice {}

        /** {@code --initial-controllers}. */
        record InitialControllers(String controllers) implements QuorumChoice {}

        /** {@code --no-initial-controllers}. */
        record NoInitialControllers() implements QuorumChoice {}
    }

    /** No option but the cluster's id, as {@code start} formats an empty directory. */
    public static FormatOptions forStart(String clusterId) {
        return new FormatOptions(
                clusterId, Optional.empty(), Map.of(), new QuorumChoice.StandaloneUnlessStatic(), true);
    }

    /**
     * Reads {@code NAME=LEVEL} pairs.
     *
     * @throws FormatRefused if one is not of that form, or a name is given twice
     */
    public static Map<String, Short> features(List<String> pairs) {
        Map<String, Short> levels = new LinkedHashMap<>();
        for (String pair : pairs) {
            int equals = pair.indexOf('=');
            try {
                if (equals <= 0) throw new NumberFormatException(pair);
                short level = Short.parseShort(pair.substring(equals + 1).strip());
                if (levels.put(pair.substring(0, equals).strip(), level) != null) {
                    throw new FormatRefused("--feature names " + pair.substring(0, equals) + " twice");
                }
            } catch (NumberFormatException notALevel) {
                throw new FormatRefused(
                        "--feature " + pair + " is not of the form NAME=LEVEL, such as group.version=1");
            }
        }
        return levels;
    }

    /**
     * What these options make of a node's configuration.
     *
     * @throws FormatRefused if they contradict it or each other
     */
    public FormatPlan plan(ServerConfig config) {
        if (releaseVersion.isPresent() && features.containsKey(MetadataVersion.FEATURE_NAME)) {
            throw new FormatRefused("use either --release-version or --feature metadata.version=LEVEL, not both");
        }
        boolean isController = isController(config);
        return new FormatPlan(
                clusterId.strip(),
                config.nodeId(),
                isController,
                config.logDirs(),
                config.metadataLogDir(),
                initialQuorum(config, isController),
                metadataVersion(),
                features,
                ignoreFormatted);
    }

    private static boolean isController(ServerConfig config) {
        Set<String> roles = items(config, "process.roles");
        return roles.isEmpty() || roles.contains("controller");
    }

    private static Set<String> items(ServerConfig config, String name) {
        Set<String> items = new LinkedHashSet<>();
        for (String item : config.stated().getOrDefault(name, "").split(",", -1)) {
            if (!item.isBlank()) items.add(item.strip());
        }
        return items;
    }

    private MetadataVersion metadataVersion() {
        if (releaseVersion.isEmpty()) return MetadataVersion.latest();
        return MetadataVersion.named(releaseVersion.get().strip())
                .orElseThrow(() -> new FormatRefused("--release-version " + releaseVersion.get()
                        + " is not known; known are " + MetadataVersion.names()));
    }

    private InitialQuorum initialQuorum(ServerConfig config, boolean isController) {
        boolean isStatic = !items(config, "controller.quorum.voters").isEmpty();
        if (isStatic
                && !(quorum instanceof QuorumChoice.Unstated
                        || quorum instanceof QuorumChoice.StandaloneUnlessStatic)) {
            throw new FormatRefused(
                    "controller.quorum.voters makes a static quorum; to format a dynamic one, remove it and"
                            + " set controller.quorum.bootstrap.servers");
        }
        if (isStatic) return new InitialQuorum.Static();
        return switch (quorum) {
            case QuorumChoice.Unstated() -> {
                if (isController) {
                    throw new FormatRefused("controller.quorum.voters is not set, so one of --standalone,"
                            + " --initial-controllers and --no-initial-controllers must be given");
                }
                yield new InitialQuorum.ToJoin();
            }
            case QuorumChoice.Standalone() -> {
                if (!isController) throw new FormatRefused("--standalone is for nodes with the controller role only");
                yield new InitialQuorum.Standalone(controllerEndpoint(config));
            }
            case QuorumChoice.StandaloneUnlessStatic() ->
                isController ? new InitialQuorum.Standalone(controllerEndpoint(config)) : new InitialQuorum.ToJoin();
            case QuorumChoice.NoInitialControllers() -> new InitialQuorum.ToJoin();
            case QuorumChoice.InitialControllers(String controllers) -> initialControllers(config, controllers);
        };
    }

    private static InitialQuorum initialControllers(ServerConfig config, String controllers) {
        try {
            return new InitialQuorum.Voters(VoterAddresses.ofInitialControllers(
                    controllers, controllerEndpoint(config).listener()));
        } catch (IllegalArgumentException wrong) {
            throw new FormatRefused("--initial-controllers: " + wrong.getMessage());
        }
    }

    /** Where other controllers reach this one; a listener on every address is taken to be on this machine. */
    private static Voter.Endpoint controllerEndpoint(ServerConfig config) {
        for (ListenerAddress listener : config.listeners()) {
            if (!config.isControllerListener(listener.name())) continue;
            ListenerAddress advertised = config.advertised(listener.name());
            ListenerAddress address = advertised == null ? listener : advertised;
            return new Voter.Endpoint(
                    address.name(), address.isWildcard() ? "localhost" : address.host(), address.port());
        }
        return DEFAULT_ENDPOINT;
    }
}
