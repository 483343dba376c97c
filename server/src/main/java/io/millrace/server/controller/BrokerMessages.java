package io.millrace.server.controller;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.environment.Randomness;
import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.Feature;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.BrokerHeartbeatRequest;
import io.millrace.protocol.messages.BrokerHeartbeatResponse;
import io.millrace.protocol.messages.BrokerRegistrationRequest;
import io.millrace.protocol.messages.BrokerRegistrationResponse;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.storage.LogDirectories;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** What a broker says of itself to the controller, in one run of the process. Touched on the metadata lane. */
final class BrokerMessages {
    private static final short PLAINTEXT = 0;
    private static final String CORDONED = "cordoned.log.dirs";

    private final MetadataRole metadata;
    private final ServerConfig config;
    private final LogDirectories directories;
    private final EffectiveConfigs configs;
    private final Uuid incarnation;
    /** Whether any directory has been cordoned in this run: until then there is nothing to say. */
    private boolean hasCordoned;

    /** The messages of a run that has just begun. */
    BrokerMessages(MetadataRole metadata, ServerConfig config, LogDirectories directories, Randomness randomness) {
        this.metadata = metadata;
        this.config = config;
        this.directories = directories;
        this.configs = config.effective();
        this.incarnation = new Uuid(randomness.nextLong(), randomness.nextLong());
        this.hasCordoned = directories.placement().cordon(configs.brokerList(CORDONED));
    }

    /** The id of this run. */
    Uuid incarnation() {
        return incarnation;
    }

    /** Whether the image says of {@code cordoned.log.dirs} something new, which heartbeats say from now on. */
    boolean cordonsAnew(MetadataImage image) {
        EffectiveConfigs now = configs.withDynamic(
                image.configs().of(ConfigResource.BROKER_DEFAULT),
                image.configs().of(ConfigResource.broker(config.nodeId())));
        if (!directories.placement().cordon(now.brokerList(CORDONED))) return false;
        hasCordoned = true;
        return true;
    }

    Heartbeat heartbeat(long epoch, boolean wantFence, boolean wantShutDown) {
        return new Heartbeat(BrokerHeartbeatRequest.builder()
                .brokerId(config.nodeId())
                .brokerEpoch(epoch)
                .currentMetadataOffset(metadata.image().provenance().lastOffset())
                .wantFence(wantFence)
                .wantShutDown(wantShutDown)
                .offlineLogDirs(directories.failedIds())
                .cordonedLogDirs(hasCordoned ? directories.placement().cordonedIds() : null)
                .build());
    }

    /** @param bound where the node listens */
    Registration registration(List<ListenerAddress> bound) {
        List<BrokerRegistrationRequest.Listener> listeners = new ArrayList<>();
        for (ListenerAddress told : AdvertisedAddresses.of(config, bound, false))
            listeners.add(BrokerRegistrationRequest.Listener.builder()
                    .name(told.name())
                    .host(told.host())
                    .port(told.port())
                    .securityProtocol(PLAINTEXT)
                    .build());
        List<BrokerRegistrationRequest.Feature> features = new ArrayList<>();
        for (Feature feature : Feature.values())
            features.add(BrokerRegistrationRequest.Feature.builder()
                    .name(feature.featureName())
                    .minSupportedVersion(feature.minLevel())
                    .maxSupportedVersion(feature.maxLevel())
                    .build());
        return new Registration(BrokerRegistrationRequest.builder()
                .brokerId(config.nodeId())
                .clusterId(metadata.clusterId())
                .incarnationId(incarnation)
                .listeners(listeners)
                .features(features)
                .previousBrokerEpoch(previousEpoch())
                .rack(config.effective().broker("broker.rack"))
                .logDirs(directories.online().stream()
                        .map(LogDirectories.InUse::id)
                        .toList())
                .build());
    }

    /** The epoch this broker had when it was last stopped in order; -1 if it was not, in any of its directories. */
    private long previousEpoch() {
        long previous = -1;
        for (LogDirectories.InUse use : directories.online()) {
            OptionalLong epochThere = use.cleanShutdownEpoch();
            if (epochThere.isEmpty()) return -1;
            previous = Math.max(previous, epochThere.getAsLong());
        }
        return previous;
    }

    record Registration(BrokerRegistrationRequest request)
            implements ControllerAccess.Question<BrokerRegistrationResponse> {
        @Override
        public Decision<BrokerRegistrationResponse> decide(Controller controller, ControllerContext context) {
            return controller.registerBroker(request, context);
        }

        @Override
        public BrokerRegistrationResponse refused(ErrorCode error) {
            return BrokerRegistrationResponse.builder().errorCode(error.code()).build();
        }
    }

    record Heartbeat(BrokerHeartbeatRequest request) implements ControllerAccess.Question<BrokerHeartbeatResponse> {
        @Override
        public Decision<BrokerHeartbeatResponse> decide(Controller controller, ControllerContext context) {
            return controller.heartbeat(request, context);
        }

        @Override
        public BrokerHeartbeatResponse refused(ErrorCode error) {
            return BrokerHeartbeatResponse.builder().errorCode(error.code()).build();
        }
    }
}
