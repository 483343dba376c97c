package io.millrace.server.controller;

import io.millrace.connection.run.Answer;
import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.environment.Lane;
import io.millrace.metadata.ControllerImage;
import io.millrace.metadata.Feature;
import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ControllerRegistrationRequest;
import io.millrace.protocol.messages.ControllerRegistrationResponse;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.quorum.PeerLines;
import java.util.ArrayList;
import java.util.List;

/**
 * This controller's registration with the active one (KIP-919), which may be itself: looked after for as long as the node runs, as
 * another of its number may have taken its place. Touched on the metadata lane.
 */
public final class ControllerLife {
    private static final System.Logger LOG = System.getLogger(ControllerLife.class.getName());
    private static final long LOOK_MS = 1_000;
    private static final short PLAINTEXT = 0;

    private final MetadataRole metadata;
    private final PeerLines lines;
    private final Lane lane;
    private final int nodeId;
    private final ControllerRegistrationRequest request;
    private short lastError;
    private boolean isAsking;
    private boolean isStopped;

    /**
     * A life that has not begun.
     *
     * @param incarnation a new id of this run
     * @param addresses of the controller's listeners
     */
    public ControllerLife(
            MetadataRole metadata,
            PeerLines lines,
            Lane lane,
            int nodeId,
            Uuid incarnation,
            List<ListenerAddress> addresses) {
        this.metadata = metadata;
        this.lines = lines;
        this.lane = lane;
        this.nodeId = nodeId;
        this.request = request(nodeId, incarnation, addresses);
    }

    private static ControllerRegistrationRequest request(
            int nodeId, Uuid incarnation, List<ListenerAddress> addresses) {
        List<ControllerRegistrationRequest.Listener> listeners = new ArrayList<>();
        for (ListenerAddress address : addresses)
            listeners.add(ControllerRegistrationRequest.Listener.builder()
                    .name(address.name())
                    .host(address.host())
                    .port(address.port())
                    .securityProtocol(PLAINTEXT)
                    .build());
        List<ControllerRegistrationRequest.Feature> features = new ArrayList<>();
        for (Feature feature : Feature.values())
            features.add(ControllerRegistrationRequest.Feature.builder()
                    .name(feature.featureName())
                    .minSupportedVersion(feature.minLevel())
                    .maxSupportedVersion(feature.maxLevel())
                    .build());
        return ControllerRegistrationRequest.builder()
                .controllerId(nodeId)
                .incarnationId(incarnation)
                .zkMigrationReady(false)
                .listeners(listeners)
                .features(features)
                .build();
    }

    /** Looks from now on whether it is registered. */
    public void begin() {
        if (isStopped) return;
        if (!isAsking && !isRegistered()) register();
        lane.schedule(LOOK_MS, this::begin);
    }

    /** Ends it. */
    public void stop() {
        isStopped = true;
    }

    private boolean isRegistered() {
        MetadataImage image = metadata.image();
        // Before the first records, or with a version that has no registrations, there is nothing to do.
        if (image.features().levels().isEmpty()) return true;
        if (!image.features().metadataVersion().hasControllerRegistrations()) return true;
        ControllerImage known = image.cluster().controllers().get(nodeId);
        return known != null && known.incarnationId().equals(request.incarnationId());
    }

    private void register() {
        int leaderId = metadata.quorum().describe().leaderId();
        if (leaderId < 0) return;
        isAsking = true;
        if (leaderId == nodeId) metadata.decide(new Registration(request), this::answered);
        else
            lines.send(leaderId, request, answer -> {
                if (answer instanceof Answer.Answered(ControllerRegistrationResponse response, short version))
                    answered(response);
                else isAsking = false;
            });
    }

    private void answered(ControllerRegistrationResponse response) {
        isAsking = false;
        boolean isNews = response.errorCode() != lastError;
        lastError = response.errorCode();
        if (isNews && lastError != ErrorCode.NONE.code() && lastError != ErrorCode.NOT_CONTROLLER.code())
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the active controller does not register this one: " + ErrorCode.forCode(lastError)
                            + (response.errorMessage() == null ? "" : ", " + response.errorMessage()));
    }

    private record Registration(ControllerRegistrationRequest request)
            implements ControllerAccess.Question<ControllerRegistrationResponse> {
        @Override
        public Decision<ControllerRegistrationResponse> decide(Controller controller, ControllerContext context) {
            return controller.registerController(request);
        }

        @Override
        public ControllerRegistrationResponse refused(ErrorCode error) {
            return ControllerRegistrationResponse.builder()
                    .errorCode(error.code())
                    .errorMessage(error.message())
                    .build();
        }
    }
}
