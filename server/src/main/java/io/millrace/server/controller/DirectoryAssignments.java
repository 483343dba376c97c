package io.millrace.server.controller;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AssignReplicasToDirsRequest;
import io.millrace.protocol.messages.AssignReplicasToDirsResponse;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tells the controller in which log directories the broker's replicas lie, where it does not know (KIP-858). What the lanes say
 * within one turn of the metadata lane goes in one request.
 */
public final class DirectoryAssignments {
    private static final System.Logger LOG = System.getLogger(DirectoryAssignments.class.getName());

    /** Before what the controller did not take is told again. */
    private static final long AGAIN_MS = 1_000;

    private static final Set<ErrorCode> MAY_PASS = EnumSet.of(
            ErrorCode.REQUEST_TIMED_OUT,
            ErrorCode.NOT_CONTROLLER,
            ErrorCode.STALE_BROKER_EPOCH,
            ErrorCode.KAFKA_STORAGE_ERROR);

    private final ControllerAccess controller;
    private final BrokerLife broker;
    private final int brokerId;
    private final Lane metadataLane;
    /** The last word of each replica: there are never more than the broker has. */
    private Map<Replica, Uuid> waiting = new LinkedHashMap<>();

    private boolean isToBeTold;
    private ErrorCode lastError = ErrorCode.NONE;

    private record Replica(Uuid topicId, int partition) {}

    /** Makes the teller of a broker. */
    public DirectoryAssignments(ControllerAccess controller, BrokerLife broker, int brokerId, Lane metadataLane) {
        this.controller = controller;
        this.broker = broker;
        this.brokerId = brokerId;
        this.metadataLane = metadataLane;
    }

    /** A replica lies in a directory. Any lane may call. */
    public void placed(Uuid topicId, int partition, Uuid directoryId) {
        metadataLane.execute(() -> {
            waiting.put(new Replica(topicId, partition), directoryId);
            if (!isToBeTold) metadataLane.execute(this::tell);
            isToBeTold = true;
        });
    }

    private void tell() {
        isToBeTold = false;
        Map<Replica, Uuid> told = waiting;
        waiting = new LinkedHashMap<>();
        Map<Uuid, Map<Uuid, List<AssignReplicasToDirsRequest.PartitionData>>> byDirectory = new LinkedHashMap<>();
        told.forEach((replica, directoryId) -> byDirectory
                .computeIfAbsent(directoryId, id -> new LinkedHashMap<>())
                .computeIfAbsent(replica.topicId(), id -> new ArrayList<>())
                .add(AssignReplicasToDirsRequest.PartitionData.builder()
                        .partitionIndex(replica.partition())
                        .build()));
        List<AssignReplicasToDirsRequest.DirectoryData> directories = new ArrayList<>();
        byDirectory.forEach((directoryId, byTopic) -> {
            List<AssignReplicasToDirsRequest.TopicData> topics = new ArrayList<>();
            byTopic.forEach((topicId, partitions) -> topics.add(AssignReplicasToDirsRequest.TopicData.builder()
                    .topicId(topicId)
                    .partitions(partitions)
                    .build()));
            directories.add(AssignReplicasToDirsRequest.DirectoryData.builder()
                    .id(directoryId)
                    .topics(topics)
                    .build());
        });
        AssignReplicasToDirsRequest request = AssignReplicasToDirsRequest.builder()
                .brokerId(brokerId)
                .brokerEpoch(broker.epoch())
                .directories(directories)
                .build();
        controller.ask(new Assignment(request), response -> {
            ErrorCode error = ErrorCode.forCode(response.errorCode());
            if (error != ErrorCode.NONE && error != lastError)
                LOG.log(System.Logger.Level.WARNING, "the controller did not note where replicas lie: " + error);
            lastError = error;
            if (!MAY_PASS.contains(error)) return;
            // What was said since is newer.
            told.forEach(waiting::putIfAbsent);
            if (!isToBeTold) metadataLane.schedule(AGAIN_MS, this::tell);
            isToBeTold = true;
        });
    }

    private record Assignment(AssignReplicasToDirsRequest request)
            implements ControllerAccess.Question<AssignReplicasToDirsResponse> {
        @Override
        public Decision<AssignReplicasToDirsResponse> decide(Controller controller, ControllerContext context) {
            return controller.assignReplicasToDirs(request);
        }

        @Override
        public AssignReplicasToDirsResponse refused(ErrorCode error) {
            return AssignReplicasToDirsResponse.builder()
                    .errorCode(error.code())
                    .build();
        }
    }
}
