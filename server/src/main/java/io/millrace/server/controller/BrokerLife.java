package io.millrace.server.controller;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.environment.Environment;
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
import io.millrace.storage.LogDirectoryFailed;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * The broker's life as its controller sees it: registered, unfenced, and in the end gone. Both are in one process here, so there are no
 * sessions to keep alive: when one of them dies, so does the other. Touched on the metadata lane.
 */
public final class BrokerLife {
    private static final System.Logger LOG = System.getLogger(BrokerLife.class.getName());
    private static final short PLAINTEXT = 0;
    private static final String CORDONED = "cordoned.log.dirs";

    private final Consumer<LogDirectoryFailed> diskFailed;
    private final MetadataRole metadata;
    private final ServerConfig config;
    private final LogDirectories directories;
    private final Environment environment;
    private final EffectiveConfigs configs;
    /** Whether any directory has been cordoned in this run: until then there is nothing to say. */
    private boolean hasCordoned;

    private long epoch = -1;
    private boolean isStopped;

    /**
     * Makes the life of a broker that is not registered yet.
     *
     * @param diskFailed is told of a directory that cannot be read
     */
    public BrokerLife(
            MetadataRole metadata,
            ServerConfig config,
            LogDirectories directories,
            Environment environment,
            Consumer<LogDirectoryFailed> diskFailed) {
        this.diskFailed = diskFailed;
        this.metadata = metadata;
        this.config = config;
        this.directories = directories;
        this.environment = environment;
        this.configs = config.effective();
        this.hasCordoned = directories.cordon(configs.brokerList(CORDONED));
    }

    /** The epoch of the registration; -1 before there is one. */
    public long epoch() {
        return epoch;
    }

    /** No more steps are taken. */
    public void stop() {
        isStopped = true;
    }

    /**
     * Registers and unfences. The lanes have then been sent the image in which this broker leads, and open its logs.
     *
     * @param bound where the node listens
     * @param unfenced called once the broker leads
     * @param failed called instead if the controller refuses
     */
    public void begin(List<ListenerAddress> bound, Runnable unfenced, Consumer<Exception> failed) {
        BrokerRegistrationRequest request = registration(bound);
        metadata.decide(new Registration(request), response -> {
            if (isStopped) return;
            if (response.errorCode() == ErrorCode.KAFKA_STORAGE_ERROR.code()) {
                whenThereIsSpace(() -> begin(bound, unfenced, failed));
                return;
            }
            if (response.errorCode() != ErrorCode.NONE.code()) {
                failed.accept(refused("registration", response.errorCode()));
                return;
            }
            epoch = response.brokerEpoch();
            unfence(unfenced, failed);
        });
    }

    /** The disk of the metadata log is full; those few bytes are wanted before anything else. */
    private void whenThereIsSpace(Runnable again) {
        environment.metadataLane().schedule(MetadataRole.SPACE_CHECK_MS, () -> {
            if (!isStopped) again.run();
        });
    }

    private static IllegalStateException refused(String what, short errorCode) {
        return new IllegalStateException(
                "the controller refused the broker's " + what + " with " + ErrorCode.forCode(errorCode));
    }

    private BrokerHeartbeatRequest heartbeat() {
        return BrokerHeartbeatRequest.builder()
                .brokerId(config.nodeId())
                .brokerEpoch(epoch)
                .currentMetadataOffset(metadata.image().provenance().lastOffset())
                .wantFence(false)
                .offlineLogDirs(directories.failedIds())
                .cordonedLogDirs(hasCordoned ? directories.cordonedIds() : null)
                .build();
    }

    /** Takes note of {@code cordoned.log.dirs}, which can be changed at run time, and tells the controller if it was (KIP-1066). */
    public void propertiesMayHaveChanged(MetadataImage image) {
        EffectiveConfigs now = configs.withDynamic(
                image.configs().of(ConfigResource.BROKER_DEFAULT),
                image.configs().of(ConfigResource.broker(config.nodeId())));
        if (!directories.cordon(now.brokerList(CORDONED))) return;
        hasCordoned = true;
        environment.metadataLane().execute(() -> tell("which log directories are cordoned"));
    }

    private void unfence(Runnable unfenced, Consumer<Exception> failed) {
        metadata.decide(new Heartbeat(heartbeat()), response -> {
            if (isStopped) return;
            if (response.errorCode() == ErrorCode.KAFKA_STORAGE_ERROR.code())
                whenThereIsSpace(() -> unfence(unfenced, failed));
            else if (response.errorCode() != ErrorCode.NONE.code())
                failed.accept(refused("heartbeat", response.errorCode()));
            else if (response.isFenced())
                failed.accept(new IllegalStateException("the controller keeps the broker fenced"));
            else unfenced.run();
        });
    }

    /** Tells the controller which directories have failed, so that what lies in them has no leader (KIP-858). */
    public void directoriesFailed() {
        tell("that log directories failed");
    }

    private void tell(String what) {
        if (isStopped || epoch < 0) return;
        metadata.decide(new Heartbeat(heartbeat()), response -> {
            if (response.errorCode() == ErrorCode.KAFKA_STORAGE_ERROR.code()) whenThereIsSpace(() -> tell(what));
            else if (!isStopped && response.errorCode() != ErrorCode.NONE.code())
                LOG.log(
                        System.Logger.Level.ERROR,
                        "the controller does not know " + what,
                        refused("heartbeat", response.errorCode()));
        });
    }

    private BrokerRegistrationRequest registration(List<ListenerAddress> bound) {
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
        Randomness random = environment.randomness();
        return BrokerRegistrationRequest.builder()
                .brokerId(config.nodeId())
                .clusterId(metadata.clusterId())
                .incarnationId(new Uuid(random.nextLong(), random.nextLong()))
                .listeners(listeners)
                .features(features)
                .previousBrokerEpoch(previousEpoch())
                .rack(config.effective().broker("broker.rack"))
                .logDirs(directories.online().stream()
                        .map(LogDirectories.InUse::id)
                        .toList())
                .build();
    }

    /** The epoch this broker had when it was last stopped in order; -1 if it was not, in any of its directories. */
    private long previousEpoch() {
        long previous = -1;
        for (LogDirectories.InUse use : directories.online()) {
            OptionalLong epochThere = cleanEpoch(use);
            if (epochThere.isEmpty()) return -1;
            previous = Math.max(previous, epochThere.getAsLong());
        }
        return previous;
    }

    private OptionalLong cleanEpoch(LogDirectories.InUse use) {
        try {
            return use.directory().cleanShutdownBrokerEpoch();
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
            return OptionalLong.empty();
        }
    }

    private record Registration(BrokerRegistrationRequest request)
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

    private record Heartbeat(BrokerHeartbeatRequest request)
            implements ControllerAccess.Question<BrokerHeartbeatResponse> {
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
