package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.ControllerImage;
import io.millrace.metadata.Feature;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.MetadataVersion;
import io.millrace.metadata.SupportedLevels;
import io.millrace.metadata.VersionedRecord;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.FeatureLevelRecord;
import io.millrace.protocol.messages.UpdateFeaturesRequest;
import io.millrace.protocol.messages.UpdateFeaturesRequest.FeatureUpdateKey;
import io.millrace.protocol.messages.UpdateFeaturesResponse;
import io.millrace.protocol.messages.UpdateFeaturesResponse.UpdatableFeatureResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** UpdateFeatures (KIP-584, 778): all levels change or none. */
final class FeatureUpdate {
    private static final String MIN_ISR = "min.insync.replicas";
    private static final byte UPGRADE = 1;
    private static final byte SAFE_DOWNGRADE = 2;
    private static final byte UNSAFE_DOWNGRADE = 3;
    private static final int FIRST_VERSION_WITHOUT_RESULTS = 2;

    private final MetadataImage image;
    private final ControllerSettings settings;
    private final EffectiveConfigs configs;
    private final int kraftVersion;

    FeatureUpdate(MetadataImage image, ControllerSettings settings, EffectiveConfigs configs, int kraftVersion) {
        this.image = image;
        this.settings = settings;
        this.configs = configs;
        this.kraftVersion = kraftVersion;
    }

    Decision<UpdateFeaturesResponse> handle(UpdateFeaturesRequest request, int version) {
        List<VersionedRecord> records = new ArrayList<>();
        List<UpdatableFeatureResult> results = new ArrayList<>();
        for (FeatureUpdateKey update : request.featureUpdates()) {
            String why = refusal(update, upgradeType(update, version));
            if (why != null)
                return Decision.answer(UpdateFeaturesResponse.builder()
                        .errorCode(ErrorCode.INVALID_UPDATE_VERSION.code())
                        .errorMessage("The update failed for all features since the following feature had an error:"
                                + " Invalid update version " + update.maxVersionLevel() + " for feature "
                                + update.feature() + ". " + why)
                        .build());
            String unsupported = metadataDowngradeRefusal(update, upgradeType(update, version));
            if (unsupported != null)
                return Decision.answer(UpdateFeaturesResponse.builder()
                        .errorCode(ErrorCode.INVALID_UPDATE_VERSION.code())
                        .errorMessage("The update failed for all features since the following feature had an error: "
                                + unsupported)
                        .build());
            record(update, records);
            results.add(UpdatableFeatureResult.builder()
                    .feature(update.feature())
                    .errorMessage(ErrorCode.NONE.name())
                    .build());
        }
        return Decision.atomic(
                request.validateOnly() ? List.of() : records,
                UpdateFeaturesResponse.builder()
                        .errorMessage(null)
                        .results(version >= FIRST_VERSION_WITHOUT_RESULTS ? List.of() : results)
                        .build());
    }

    /** Version 0 of the request could only say whether a downgrade is allowed. */
    private static byte upgradeType(FeatureUpdateKey update, int version) {
        if (version > 0) return update.upgradeType();
        return update.allowDowngrade() ? SAFE_DOWNGRADE : UPGRADE;
    }

    private @Nullable String refusal(FeatureUpdateKey update, byte upgradeType) {
        if (upgradeType < UPGRADE || upgradeType > UNSAFE_DOWNGRADE)
            return "The controller does not support the given upgrade type.";
        int level = update.maxVersionLevel();
        if (level < 0) return "A feature version cannot be less than 0.";
        Feature feature = Feature.named(update.feature()).orElse(null);
        if (feature == null) return "Local controller " + settings.nodeId() + " does not support this feature.";
        if (level > feature.maxLevel() || level < feature.minLevel())
            return "Local controller " + settings.nodeId() + " only supports versions " + feature.minLevel() + "-"
                    + feature.maxLevel();
        String node = nodeRefusal(feature, level);
        if (node != null) return node;
        int current = feature == Feature.KRAFT_VERSION
                ? kraftVersion
                : image.features().level(feature);
        if (feature == Feature.KRAFT_VERSION && level < current) return "Can't downgrade the version of this feature.";
        if (level < current && upgradeType == UPGRADE)
            return "Can't downgrade the version of this feature without setting the upgrade type to either safe or"
                    + " unsafe downgrade.";
        if (level > current && upgradeType != UPGRADE) return "Can't downgrade to a newer version.";
        MetadataVersion required = feature.requiredMetadataVersion(level);
        if (!image.features().metadataVersion().isAtLeast(required))
            return "It depends on metadata.version level " + required.level() + ".";
        return null;
    }

    private @Nullable String nodeRefusal(Feature feature, int level) {
        for (BrokerImage broker : image.cluster().brokersInOrder()) {
            String why = refusal("Broker " + broker.id(), broker.features().get(feature.featureName()), level);
            if (why != null) return why;
        }
        for (ControllerImage controller : image.cluster().controllersInOrder()) {
            String why = refusal(
                    "Controller " + controller.id(), controller.features().get(feature.featureName()), level);
            if (why != null) return why;
        }
        return null;
    }

    private static @Nullable String refusal(String node, @Nullable SupportedLevels supported, int level) {
        if (level == 0) return null;
        if (supported == null) return node + " does not support this feature.";
        return supported.include(level)
                ? null
                : node + " only supports versions " + supported.min() + "-" + supported.max();
    }

    /** Going back is possible only as long as no version in between has written something an older one does not know. */
    private @Nullable String metadataDowngradeRefusal(FeatureUpdateKey update, byte upgradeType) {
        if (!update.feature().equals(MetadataVersion.FEATURE_NAME)) return null;
        MetadataVersion current = image.features().metadataVersion();
        Optional<MetadataVersion> wanted = MetadataVersion.atLevel(update.maxVersionLevel());
        if (wanted.isEmpty() || wanted.get().isAtLeast(current)) return null;
        if (!current.hasOtherMetadataThan(wanted.get())) return null;
        String downgrade = "Unsupported metadata.version downgrade from " + current.level() + " to "
                + wanted.get().level() + ". ";
        return upgradeType == UNSAFE_DOWNGRADE
                ? downgrade + "Unsafe metadata downgrade is not supported in this version."
                : downgrade
                        + "Refusing to perform the requested downgrade because it might delete metadata information.";
    }

    private void record(FeatureUpdateKey update, List<VersionedRecord> records) {
        if (update.feature().equals(Feature.KRAFT_VERSION.featureName())) return;
        records.add(VersionedRecord.v0(FeatureLevelRecord.builder()
                .name(update.feature())
                .featureLevel(update.maxVersionLevel())
                .build()));
        if (update.feature().equals(Feature.ELR_VERSION.featureName()) && update.maxVersionLevel() > 0)
            records.addAll(minIsrForElr(image, configs));
    }

    /** With eligible leader replicas the minimum of in-sync replicas has to be one for the whole cluster, so it is written down. */
    static List<VersionedRecord> minIsrForElr(MetadataImage image, EffectiveConfigs configs) {
        List<VersionedRecord> records = new ArrayList<>();
        if (!image.configs().of(ConfigResource.BROKER_DEFAULT).containsKey(MIN_ISR))
            records.add(config("", configs.withDynamic(Map.of(), Map.of()).brokerText(MIN_ISR)));
        for (String broker : image.configs().namesOf(ConfigResource.Type.BROKER))
            if (!broker.isEmpty()
                    && image.configs()
                            .of(new ConfigResource(ConfigResource.Type.BROKER, broker))
                            .containsKey(MIN_ISR)) records.add(config(broker, null));
        return records;
    }

    private static VersionedRecord config(String broker, @Nullable String value) {
        return VersionedRecord.v0(ConfigRecord.builder()
                .resourceType(ConfigResource.Type.BROKER.code())
                .resourceName(broker)
                .name(MIN_ISR)
                .value(value)
                .build());
    }
}
