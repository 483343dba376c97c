package io.millrace.server;

import io.millrace.environment.Environment;
import io.millrace.metadata.Feature;
import io.millrace.raft.OwnVoter;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import io.millrace.raft.run.MetadataQuorum;
import io.millrace.raft.run.PeerRequestMessages;
import io.millrace.raft.run.QuorumNetwork;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.quorum.PeerLines;
import java.util.List;
import java.util.Optional;

/** How a node that is not a quorum by itself reaches the others. */
final class QuorumReach {
    private final Environment environment;
    private final ServerConfig config;
    private final PeerLines lines;
    private volatile PeerRequestMessages.Sender sender;
    /** A broker alone never votes. */
    private OwnVoter own = OwnVoter.NONE;

    /**
     * Lines that are not used before {@link #begin}.
     *
     * @param self who this node is in the quorum
     */
    QuorumReach(Environment environment, ServerConfig config, String clusterId, ReplicaKey self) {
        this.environment = environment;
        this.config = config;
        this.sender = new PeerRequestMessages.Sender(clusterId, self, List.of());
        this.lines = new PeerLines(
                () -> sender,
                config.controllerListener(),
                environment.transport(),
                environment.metadataLane(),
                environment.clock(),
                environment.randomness(),
                config.effective().brokerInt("controller.quorum.request.timeout.ms"));
        lines.bootstrapAt(config.bootstrapServers());
    }

    /** Says where this node's controller listens; before the quorum begins. */
    void listensAt(List<ListenerAddress> addresses) {
        sender = new PeerRequestMessages.Sender(
                sender.clusterId(),
                sender.key(),
                addresses.stream()
                        .map(address -> new Voter.Endpoint(address.name(), address.host(), address.port()))
                        .toList());
        own = new OwnVoter(
                Optional.of(new Voter(
                        sender.key(),
                        sender.endpoints(),
                        Feature.KRAFT_VERSION.minLevel(),
                        Feature.KRAFT_VERSION.maxLevel())),
                config.effective().brokerBoolean("controller.quorum.auto.join.enable"));
    }

    PeerLines lines() {
        return lines;
    }

    QuorumNetwork network() {
        return new QuorumNetwork(lines, config.quorumTimeouts(), environment.randomness()::nextLong, own);
    }

    /** Begins; on the metadata lane, before the quorum starts. */
    void begin(MetadataQuorum quorum) {
        lines.findBy(quorum::voters);
    }
}
