package io.millrace.server.quorum;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.raft.LeaderAndEpoch;
import io.millrace.raft.run.VoterChangeMessages;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiConsumer;

/**
 * AddRaftVoter (key 80), versions 0-1, RemoveRaftVoter (81) and UpdateRaftVoter (82), version 0: other voters of the metadata quorum, which
 * its leader decides (KIP-853).
 */
public final class VoterChangeHandler implements Handler<Request, Response> {
    private static final LeaderAndEpoch UNKNOWN = new LeaderAndEpoch(OptionalInt.empty(), 0);

    private final String clusterId;
    private final QuorumDoor quorum;
    private final BiConsumer<Request, Exchange<Response>> handling;

    /** Makes the handler of a controller's listener; it keeps nothing, so that all lanes may share one. */
    public VoterChangeHandler(String clusterId, QuorumDoor quorum) {
        this.clusterId = clusterId;
        this.quorum = quorum;
        this.handling = this::change;
    }

    /** Makes the handler of one lane of a broker: where the quorum's leader is another node, that is asked. */
    public VoterChangeHandler(String clusterId, QuorumDoor quorum, BrokerLane home, ControllerAccess controller) {
        this.clusterId = clusterId;
        this.quorum = quorum;
        this.handling = (request, exchange) -> quorum.leads(isLeading -> home.run(() -> {
            if (isLeading) change(request, exchange);
            else controller.answer(home, new Asked(request), exchange);
        }));
    }

    private record Asked(Request request) implements ControllerAccess.Question<Response> {
        /** It has come to lead just now: the client asks again. */
        @Override
        public Decision<Response> decide(Controller controller, ControllerContext context) {
            return Decision.answer(refused(ErrorCode.NOT_CONTROLLER));
        }

        @Override
        public Response refused(ErrorCode error) {
            return VoterChangeMessages.answer(request, error, error.message(), UNKNOWN, Optional.empty());
        }
    }

    @Override
    public void handle(Request request, Exchange<Response> exchange) {
        handling.accept(request, exchange);
    }

    private void change(Request request, Exchange<Response> exchange) {
        switch (VoterChangeMessages.read(request, clusterId)) {
            case VoterChangeMessages.Read.Wrong(var error, String sentence) ->
                exchange.reply(VoterChangeMessages.answer(request, error, sentence, UNKNOWN, Optional.empty()));
            case VoterChangeMessages.Read.Understood(var change, int patienceMs) ->
                quorum.change(
                        change,
                        patienceMs,
                        (error, sentence) -> quorum.leaderAt((leader, at) ->
                                exchange.reply(VoterChangeMessages.answer(request, error, sentence, leader, at))));
        }
    }
}
