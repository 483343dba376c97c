package io.millrace.server.quorum;

import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.raft.run.PeerAnswerMessages;
import io.millrace.raft.run.PeerRequestMessages;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;

/**
 * What replicas of the metadata log ask each other, on controllers' listeners: Vote (key 52), versions 0-2; BeginQuorumEpoch (53)
 * and EndQuorumEpoch (54), versions 0-1; Fetch (1) of the metadata log, versions 4-18; FetchSnapshot (59), versions 0-1. KIPs 595,
 * 630, 853, 996, 1166.
 */
public final class PeerRequestHandler implements Handler<Request, Response> {
    private final String clusterId;
    private final QuorumDoor quorum;

    /** Makes the handler; it keeps nothing, so that all lanes may share one. */
    public PeerRequestHandler(String clusterId, QuorumDoor quorum) {
        this.clusterId = clusterId;
        this.quorum = quorum;
    }

    @Override
    public void handle(Request request, Exchange<Response> exchange) {
        switch (PeerRequestMessages.read(request, clusterId)) {
            case PeerRequestMessages.Read.Wrong(var error) -> exchange.reply(PeerAnswerMessages.refuse(request, error));
            case PeerRequestMessages.Read.Understood asked ->
                quorum.ask(
                        asked,
                        (answer, leaderEndpoint) ->
                                exchange.reply(PeerAnswerMessages.write(answer, request, leaderEndpoint)));
        }
    }
}
