package io.millrace.server.controller;

import io.millrace.metadata.MetadataImage;
import io.millrace.server.config.ListenerAddress;
import java.util.List;
import java.util.function.Consumer;

/** A broker's life as its controller sees it: registered, awake, and in the end gone. Touched on the metadata lane. */
public interface BrokerLife {
    /** The epoch of the registration; -1 before there is one. */
    long epoch();

    /**
     * Registers and wakes. The lanes have then been sent the image in which this broker is awake, and open its logs.
     *
     * @param bound where the node listens
     * @param awake called once the broker may lead
     * @param failed called instead if the controller will not have it
     */
    void begin(List<ListenerAddress> bound, Runnable awake, Consumer<Exception> failed);

    /** Committed records were read; the lanes have been sent the image, or will be all of it later. */
    void imageRead(MetadataImage image);

    /** Takes note of {@code cordoned.log.dirs}, which can be changed at run time, and tells the controller if it was (KIP-1066). */
    void propertiesMayHaveChanged(MetadataImage image);

    /** Tells the controller which directories have failed, so that what lies in them has no leader (KIP-858). */
    void directoriesFailed();

    /** Hands leaderships over to others, as far as there are any; {@code then} is run once the broker may stop. */
    void leave(Runnable then);

    /** No more steps are taken. */
    void stop();
}
