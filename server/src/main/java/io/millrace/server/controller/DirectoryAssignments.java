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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells the controller in which log directories the broker's replicas lie, where it does not know (KIP-858). What the lanes say
 * within one turn of the metadata lane goes in one request.
 */
public final class DirectoryAssignments {
    private static final System.Logger LOG = System.getLogger(DirectoryAssignments.class.getName());

    private final MetadataRole metadata;
    private final BrokerLife broker;
    private final int brokerId;
    private final Lane metadataLane;
    private List<Placed> waiting = new ArrayList<>();

    private record Placed(Uuid topicId, int partition, Uuid directoryId) {}

    /** Makes the teller of a broker. */
    public DirectoryAssignments(MetadataRole metadata, BrokerLife broker, int brokerId, Lane metadataLane) {
        this.metadata = metadata;
        this.broker = broker;
        this.brokerId = brokerId;
        this.metadataLane = metadataLane;
    }

    /** A replica lies in a directory. Any lane may call. */
    public void placed(Uuid topicId, int partition, Uuid directoryId) {
        metadataLane.execute(() -> {
            waiting.add(new Placed(topicId, partition, directoryId));
            if (waiting.size() == 1) metadataLane.execute(this::tell);
        });
    }

    private void tell() {
        Map<Uuid, Map<Uuid, List<AssignReplicasToDirsRequest.PartitionData>>> byDirectory = new LinkedHashMap<>();
        for (Placed placed : waiting)
            byDirectory
                    .computeIfAbsent(placed.directoryId(), id -> new LinkedHashMap<>())
                    .computeIfAbsent(placed.topicId(), id -> new ArrayList<>())
                    .add(AssignReplicasToDirsRequest.PartitionData.builder()
                            .partitionIndex(placed.partition())
                            .build());
        waiting = new ArrayList<>();
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
        metadata.decide(new Assignment(request), response -> {
            if (response.errorCode() != ErrorCode.NONE.code())
                LOG.log(
                        System.Logger.Level.WARNING,
                        "the controller did not note where replicas lie: " + ErrorCode.forCode(response.errorCode()));
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
