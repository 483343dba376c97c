package io.millrace.server.controller;

import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.storage.LogDirectories;
import java.util.List;
import java.util.function.Consumer;

/**
 * The life of a broker whose controller is the only one of its cluster and in the same process: there are no sessions to keep alive, as
 * when one of them dies, so does the other.
 */
public final class LoneBroker implements BrokerLife {
    private static final System.Logger LOG = System.getLogger(LoneBroker.class.getName());

    private final MetadataRole metadata;
    private final BrokerMessages messages;
    private final Lane metadataLane;
    private long epoch = -1;
    private boolean isStopped;

    /**
     * Makes the life of a broker that is not registered yet.
     */
    public LoneBroker(MetadataRole metadata, ServerConfig config, LogDirectories directories, Environment environment) {
        this.metadata = metadata;
        this.messages = new BrokerMessages(metadata, config, directories, environment.randomness());
        this.metadataLane = environment.metadataLane();
    }

    @Override
    public long epoch() {
        return epoch;
    }

    @Override
    public void stop() {
        isStopped = true;
    }

    @Override
    public void leave(Runnable then) {
        then.run();
    }

    @Override
    public void begin(List<ListenerAddress> bound, Runnable awake, Consumer<Exception> failed) {
        register(messages.registration(bound), awake, failed);
    }

    private void register(BrokerMessages.Registration registration, Runnable awake, Consumer<Exception> failed) {
        metadata.ask(registration, response -> {
            if (isStopped) return;
            if (response.errorCode() == ErrorCode.KAFKA_STORAGE_ERROR.code()) {
                whenThereIsSpace(() -> register(registration, awake, failed));
                return;
            }
            if (response.errorCode() != ErrorCode.NONE.code()) {
                failed.accept(refused("registration", response.errorCode()));
                return;
            }
            epoch = response.brokerEpoch();
            wake(awake, failed);
        });
    }

    /** The disk of the metadata log is full; those few bytes are wanted before anything else. */
    private void whenThereIsSpace(Runnable again) {
        metadataLane.schedule(MetadataRole.SPACE_CHECK_MS, () -> {
            if (!isStopped) again.run();
        });
    }

    private static IllegalStateException refused(String what, short errorCode) {
        return new IllegalStateException(
                "the controller refused the broker's " + what + " with " + ErrorCode.forCode(errorCode));
    }

    @Override
    public void imageRead(MetadataImage image) {
        // The lanes have it: what a lone controller has committed they are sent at once.
    }

    @Override
    public void propertiesMayHaveChanged(MetadataImage image) {
        if (messages.cordonsAnew(image)) metadataLane.execute(() -> tell("which log directories are cordoned"));
    }

    private void wake(Runnable awake, Consumer<Exception> failed) {
        metadata.ask(messages.heartbeat(epoch, false, false), response -> {
            if (isStopped) return;
            if (response.errorCode() == ErrorCode.KAFKA_STORAGE_ERROR.code())
                whenThereIsSpace(() -> wake(awake, failed));
            else if (response.errorCode() != ErrorCode.NONE.code())
                failed.accept(refused("heartbeat", response.errorCode()));
            else if (response.isFenced())
                failed.accept(new IllegalStateException("the controller keeps the broker fenced"));
            else awake.run();
        });
    }

    @Override
    public void directoriesFailed() {
        tell("that log directories failed");
    }

    private void tell(String what) {
        if (isStopped || epoch < 0) return;
        metadata.ask(messages.heartbeat(epoch, false, false), response -> {
            if (response.errorCode() == ErrorCode.KAFKA_STORAGE_ERROR.code()) whenThereIsSpace(() -> tell(what));
            else if (!isStopped && response.errorCode() != ErrorCode.NONE.code())
                LOG.log(
                        System.Logger.Level.ERROR,
                        "the controller does not know " + what,
                        refused("heartbeat", response.errorCode()));
        });
    }
}
