package io.millrace.server;

import io.millrace.environment.Environment;
import io.millrace.protocol.Uuid;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import io.millrace.raft.run.MetadataQuorum;
import io.millrace.raft.run.PeerRequestMessages;
import io.millrace.raft.run.QuorumNetwork;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.controller.AdvertisedAddresses;
import io.millrace.server.controller.ControllerLife;
import io.millrace.server.controller.MetadataRole;
import io.millrace.server.quorum.PeerLines;
import java.util.List;

/** What a node that is a controller alone has besides: lines to other controllers, and its registration among them. */
final class ControllerRole {
    private final ServerConfig config;
    private final Environment environment;
    private final PeerLines lines;
    private final ControllerLife life;

    /**
     * A role that has not begun.
     *
     * @param self who this node is in the quorum
     * @param bound where the node listens
     */
    ControllerRole(
            Environment environment,
            ServerConfig config,
            String clusterId,
            ReplicaKey self,
            MetadataRole metadata,
            List<ListenerAddress> bound) {
        this.environment = environment;
        this.config = config;
        List<ListenerAddress> addresses = AdvertisedAddresses.of(config, bound, true);
        var sender = new PeerRequestMessages.Sender(
                clusterId,
                self,
                addresses.stream()
                        .map(address -> new Voter.Endpoint(address.name(), address.host(), address.port()))
                        .toList());
        this.lines = new PeerLines(
                () -> sender,
                config.controllerListener(),
                environment.transport(),
                environment.metadataLane(),
                environment.clock(),
                environment.randomness(),
                config.effective().brokerInt("controller.quorum.request.timeout.ms"));
        var incarnation = new Uuid(
                environment.randomness().nextLong(), environment.randomness().nextLong());
        this.life = new ControllerLife(
                metadata, lines, environment.metadataLane(), config.nodeId(), incarnation, addresses);
    }

    QuorumNetwork network() {
        return new QuorumNetwork(lines, config.quorumTimeouts(), environment.randomness()::nextLong);
    }

    /** Begins; on the metadata lane, before the quorum starts. */
    void begin(MetadataQuorum quorum) {
        lines.findBy(quorum::voters);
        environment.metadataLane().execute(life::begin);
    }

    /** The registration is looked after no more. The lines stay: the quorum says its farewell by them. */
    void stop() {
        life.stop();
    }
}
