package io.millrace.client;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.UpdateFeaturesRequest;
import io.millrace.protocol.messages.UpdateFeaturesRequest.FeatureUpdateKey;
import io.millrace.protocol.messages.UpdateFeaturesResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an {@link Admin} does with the levels of a cluster's features (KIP-584, 778, 1022). */
public final class FeatureAdmin {
    private static final int FIRST_WITH_UPGRADE_TYPES = 1;

    private final Cluster cluster;

    FeatureAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /** Which way a level may go. */
    public enum Direction {
        /** Up only. */
        UPGRADE(1),
        /** Down, where nothing is lost by it; to 0 switches a feature off. */
        SAFE_DOWNGRADE(2),
        /** Down, though something may be lost by it. Kafka 4.4 does that for no feature. */
        UNSAFE_DOWNGRADE(3);

        private final byte code;

        Direction(int code) {
            this.code = (byte) code;
        }
    }

    /** The features a node knows and the levels in force, by name; any node may be the one that answers. */
    public List<NodeVersions.Feature> describe() {
        var call = Call.of(NodeConnection.hello(), ApiVersionsResponse.class, answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.AnyNode(), call, cluster.deadline());
        if (answer.errorCode() != ErrorCode.NONE.code())
            throw new ClientFailure.Refused(ErrorCode.forCode(answer.errorCode()), null);
        return ClusterAdmin.features(answer);
    }

    /**
     * Changes levels, all or none of them.
     *
     * @param levels by feature; from 0
     * @param validateOnly whether to ask only if it could be done; wants a cluster of 3.3 or later
     * @return by feature: its level, or, from clusters before 4.1, why it has not been changed
     * @throws ClientFailure.Refused if nothing was changed
     * @throws IllegalArgumentException if a level is not in [0, 32767]
     */
    public Map<String, Answer<Integer>> update(Map<String, Integer> levels, Direction direction, boolean validateOnly) {
        if (levels.isEmpty()) return Map.of();
        levels.forEach((feature, level) -> {
            if (level < 0 || level > Short.MAX_VALUE)
                throw new IllegalArgumentException(
                        "level " + level + " of " + feature + " is not in [0, " + Short.MAX_VALUE + "]");
        });
        var call = new Call<>(
                ApiKey.UPDATE_FEATURES,
                validateOnly || direction == Direction.UNSAFE_DOWNGRADE ? FIRST_WITH_UPGRADE_TYPES : 0,
                ApiKey.UPDATE_FEATURES.latestVersion(),
                version -> request(levels, direction, validateOnly, version),
                UpdateFeaturesResponse.class,
                answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.Controller(), call, cluster.deadline());
        if (answer.errorCode() != ErrorCode.NONE.code())
            throw new ClientFailure.Refused(ErrorCode.forCode(answer.errorCode()), answer.errorMessage());
        Map<String, Answer<Integer>> outcomes = new LinkedHashMap<>();
        levels.forEach((feature, level) -> outcomes.put(feature, new Answer.Granted<>(level)));
        for (var it : answer.results())
            if (it.errorCode() != ErrorCode.NONE.code())
                outcomes.put(it.feature(), Answer.refused(it.errorCode(), it.errorMessage()));
        return outcomes;
    }

    private UpdateFeaturesRequest request(
            Map<String, Integer> levels, Direction direction, boolean validateOnly, int version) {
        List<FeatureUpdateKey> updates = new ArrayList<>();
        levels.forEach((feature, level) -> {
            var update = FeatureUpdateKey.builder().feature(feature).maxVersionLevel(level.shortValue());
            if (version < FIRST_WITH_UPGRADE_TYPES) update.allowDowngrade(direction != Direction.UPGRADE);
            else update.upgradeType(direction.code);
            updates.add(update.build());
        });
        var request = UpdateFeaturesRequest.builder()
                .timeoutMs(cluster.options().timeoutMs())
                .featureUpdates(updates);
        if (version >= FIRST_WITH_UPGRADE_TYPES) request.validateOnly(validateOnly);
        return request.build();
    }
}
