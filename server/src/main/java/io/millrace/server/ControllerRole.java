package io.millrace.server;

import io.millrace.environment.Environment;
import io.millrace.protocol.Uuid;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.controller.AdvertisedAddresses;
import io.millrace.server.controller.ControllerLife;
import io.millrace.server.controller.MetadataRole;
import java.util.List;

/** What a controller among others has besides: its address for them, and its registration among them. */
final class ControllerRole {
    private final Environment environment;
    private final ControllerLife life;

    /**
     * A role that has not begun.
     *
     * @param bound where the node listens
     */
    ControllerRole(
            Environment environment,
            ServerConfig config,
            QuorumReach reach,
            MetadataRole metadata,
            List<ListenerAddress> bound) {
        this.environment = environment;
        List<ListenerAddress> addresses = AdvertisedAddresses.of(config, bound, true);
        reach.listensAt(addresses);
        var incarnation = new Uuid(
                environment.randomness().nextLong(), environment.randomness().nextLong());
        this.life = new ControllerLife(
                metadata, reach.lines(), environment.metadataLane(), config.nodeId(), incarnation, addresses);
    }

    /** Begins; on the metadata lane, once the quorum does. */
    void begin() {
        environment.metadataLane().execute(life::begin);
    }

    /** The registration is looked after no more. The lines stay: the quorum says its farewell by them. */
    void stop() {
        life.stop();
    }
}
