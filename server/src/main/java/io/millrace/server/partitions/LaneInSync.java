package io.millrace.server.partitions;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.PartitionImage;
import io.millrace.replication.IsrProposal;
import io.millrace.replication.PartitionRegistration;
import io.millrace.replication.ProposalAnswer;
import io.millrace.replication.ReplicationLimits;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.replication.run.LeadingBroker;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the leaders of one lane need to keep their in-sync sets: the brokers, as the lane's image has them, the way to the controller, and one timer
 * for all that looks who fell behind. Touched only on that lane.
 */
public final class LaneInSync implements LeadingBroker {
    private final BrokerLane lane;
    private final int brokerId;
    private @Nullable InSyncChanges changes;
    private boolean isLooking;
    private long expansions;
    private long shrinkings;
    private long refusals;

    LaneInSync(BrokerLane lane, int brokerId) {
        this.lane = lane;
        this.brokerId = brokerId;
    }

    /** Says how proposals reach the controller, once, before the lane works. */
    public void askBy(InSyncChanges newChanges) {
        changes = newChanges;
    }

    @Override
    public int id() {
        return brokerId;
    }

    @Override
    public boolean isActive(int id) {
        return lane.image().cluster().isActive(id);
    }

    @Override
    public long epochOf(int id) {
        BrokerImage broker = lane.image().cluster().broker(id);
        return broker == null ? NO_EPOCH : broker.epoch();
    }

    @Override
    public Optional<String> rackOf(int id) {
        BrokerImage broker = lane.image().cluster().broker(id);
        return broker == null ? Optional.empty() : Optional.ofNullable(broker.rack());
    }

    @Override
    public void propose(LeaderPartition partition, IsrProposal proposal) {
        InSyncChanges way = changes;
        if (way == null) throw new IllegalStateException("nobody carries " + proposal + " to the controller");
        way.propose(lane, partition, proposal);
    }

    /** What became of a proposal; returns what whoever carries it has to do now. */
    public ProposalAnswer.Consequence answered(LeaderPartition partition, IsrProposal proposal, ProposalAnswer answer) {
        int before = partition.isr().size();
        ProposalAnswer.Consequence consequence = partition.answered(proposal, answer);
        count(before, partition.isr().size());
        if (answer instanceof ProposalAnswer.Refused) refusals++;
        return consequence;
    }

    /** The registration of a partition that is led here already has changed. */
    void registered(LeaderPartition partition, PartitionRegistration registration) {
        int before = partition.isr().size();
        partition.lead(registration);
        count(before, partition.isr().size());
    }

    private void count(int sizeBefore, int sizeAfter) {
        if (sizeAfter > sizeBefore) expansions++;
        if (sizeAfter < sizeBefore) shrinkings++;
    }

    /** How often in-sync sets of partitions led here have grown since the start. */
    public long expansions() {
        return expansions;
    }

    /** How often they have become smaller. */
    public long shrinkings() {
        return shrinkings;
    }

    /** How often the controller, or whoever was asked in its place, did not take a proposal. */
    public long refusals() {
        return refusals;
    }

    /** The controller has been silent for at least a session; told again and again until it is heard. */
    public void controllerIsSilent(long sessionMs) {
        for (LeaderPartition partition : lane.partitions().all()) partition.controllerIsSilent(sessionMs);
    }

    /** The controller is silent no more. */
    public void controllerIsHeard() {
        for (LeaderPartition partition : lane.partitions().all()) partition.controllerIsHeard();
    }

    /** What the properties in force say for a topic. */
    ReplicationLimits limitsOf(String topic) {
        String minIsr =
                lane.configs().topic(lane.image().configs().of(ConfigResource.topic(topic)), "min.insync.replicas");
        return new ReplicationLimits(minIsr == null ? 1 : Integer.parseInt(minIsr.strip()), lagTimeMaxMs());
    }

    private long lagTimeMaxMs() {
        return Math.max(0, lane.configs().brokerLong("replica.lag.time.max.ms"));
    }

    /** A partition is led here, as the image says. */
    void led(LeaderPartition partition, PartitionImage image) {
        if (image.isLeaderRecovering()) partition.tellRecovered();
        if (partition.hasFollowers() && !isLooking) lookLater();
    }

    private void lookLater() {
        isLooking = true;
        lane.lane().schedule(Math.max(1, lagTimeMaxMs() / 2), this::look);
    }

    private void look() {
        isLooking = false;
        List<LeaderPartition> followed = lane.partitions().all().stream()
                .filter(LeaderPartition::hasFollowers)
                .toList();
        for (LeaderPartition partition : followed) partition.lookWhoFellBehind();
        if (!followed.isEmpty()) lookLater();
    }
}
