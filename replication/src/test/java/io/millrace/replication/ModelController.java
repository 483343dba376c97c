package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** A short and obvious controller of one partition, with eligible leader replicas (KIP-966); it never fails. */
final class ModelController {
    static final int NO_LEADER = -1;
    static final long SESSION_MS = 400;

    /** What the metadata says at some point of its log. */
    record Snapshot(
            int version, int leader, PartitionRegistration partition, Map<Integer, Long> epochs, Set<Integer> active)
            implements KnownBrokers {
        @Override
        public boolean isActive(int brokerId) {
            return active.contains(brokerId);
        }

        @Override
        public long epochOf(int brokerId) {
            return epochs.getOrDefault(brokerId, NO_EPOCH);
        }

        @Override
        public Optional<String> rackOf(int brokerId) {
            return Optional.empty();
        }
    }

    private static final class Broker {
        long epoch;
        int registeredIn;
        long heardAtMs;
        boolean isFenced = true;
        boolean isStopping;
    }

    private final Mistake mistake;
    private final ModelClaims claims;
    private final int minIsr;
    private final List<Integer> replicas;
    private final Map<Integer, Broker> brokers = new TreeMap<>();
    private Set<Integer> isr;
    private Set<Integer> elr = new TreeSet<>();
    private int leader = NO_LEADER;
    private int leaderEpoch;
    private int partitionEpoch;
    private int version;
    private long nextBrokerEpoch = 1;

    ModelController(int replicaCount, int minIsr, Mistake mistake, ModelClaims claims) {
        this.minIsr = minIsr;
        this.mistake = mistake;
        this.claims = claims;
        List<Integer> ids = new ArrayList<>();
        for (int id = 0; id < replicaCount; id++) ids.add(id);
        replicas = List.copyOf(ids);
        isr = new TreeSet<>();
        elr.addAll(ids);
    }

    Snapshot snapshot() {
        Map<Integer, Long> epochs = new HashMap<>();
        Set<Integer> active = new TreeSet<>();
        brokers.forEach((id, broker) -> {
            epochs.put(id, broker.epoch);
            if (isActive(id)) active.add(id);
        });
        return new Snapshot(
                version,
                leader,
                new PartitionRegistration(leaderEpoch, partitionEpoch, replicas, List.copyOf(isr)),
                epochs,
                active);
    }

    /** Those of which one will be leader next, if any will. */
    Set<Integer> electable() {
        Set<Integer> all = new TreeSet<>(isr);
        all.addAll(elr);
        return all;
    }

    int isrSize() {
        return isr.size();
    }

    private boolean isActive(int id) {
        Broker broker = brokers.get(id);
        return broker != null && !broker.isFenced && !broker.isStopping;
    }

    long register(int id, boolean isAfterCleanStop, long nowMs) {
        Broker broker = new Broker();
        broker.epoch = nextBrokerEpoch++;
        broker.heardAtMs = nowMs;
        brokers.put(id, broker);
        boolean isClean = isAfterCleanStop || mistake == Mistake.UNCLEAN_STOP_OVERLOOKED;
        change(without(isr, id), isClean ? Set.of() : Set.of(id));
        broker.registeredIn = ++version;
        return broker.epoch;
    }

    void heartbeat(int id, long epoch, int appliedVersion, long nowMs) {
        Broker broker = brokers.get(id);
        if (broker == null || broker.epoch != epoch) return;
        broker.heardAtMs = nowMs;
        if (!broker.isFenced || appliedVersion < broker.registeredIn) return;
        broker.isFenced = false;
        version++;
        change(isr, Set.of());
    }

    void fenceTheSilent(long nowMs) {
        brokers.forEach((id, broker) -> {
            if (broker.isFenced || nowMs - broker.heardAtMs <= SESSION_MS) return;
            broker.isFenced = true;
            version++;
            change(without(isr, id), Set.of());
        });
    }

    /** A controlled shutdown. */
    void stop(int id, long epoch) {
        Broker broker = brokers.get(id);
        if (broker == null || broker.epoch != epoch) return;
        broker.isStopping = true;
        version++;
        change(without(isr, id), Set.of());
    }

    /** Somebody wants another leader. */
    void prefer(int id) {
        if (!isr.contains(id) || !isActive(id) || leader == id) return;
        leader = id;
        leaderEpoch++;
        partitionEpoch++;
        version++;
    }

    private static Set<Integer> without(Set<Integer> all, int id) {
        Set<Integer> left = new TreeSet<>(all);
        left.remove(id);
        return left;
    }

    private void change(Set<Integer> wantedIsr, Set<Integer> stoppedUncleanly) {
        Set<Integer> newIsr = new LinkedHashSet<>(wantedIsr);
        int enough = Math.min(minIsr, replicas.size());
        Set<Integer> eligible = new TreeSet<>();
        if (newIsr.size() < enough) {
            eligible.addAll(elr);
            eligible.addAll(isr);
            eligible.removeAll(newIsr);
            eligible.removeAll(stoppedUncleanly);
        }
        int newLeader = newIsr.contains(leader) && isActive(leader) ? leader : NO_LEADER;
        for (int id : replicas) if (newLeader == NO_LEADER && newIsr.contains(id) && isActive(id)) newLeader = id;
        for (int id : replicas) if (newLeader == NO_LEADER && eligible.contains(id) && isActive(id)) newLeader = id;
        if (newLeader != NO_LEADER && !newIsr.contains(newLeader)) newIsr = new TreeSet<>(Set.of(newLeader));
        if (newIsr.size() >= enough) eligible.clear();
        eligible.removeAll(newIsr);
        if (newIsr.equals(isr) && eligible.equals(elr) && newLeader == leader) return;
        if (newLeader != leader) leaderEpoch++;
        isr = newIsr;
        elr = eligible;
        leader = newLeader;
        partitionEpoch++;
        version++;
    }

    /** AlterPartition. */
    ProposalAnswer alter(int brokerId, long brokerEpoch, IsrProposal proposal) {
        Broker asking = brokers.get(brokerId);
        if (asking == null || asking.epoch != brokerEpoch)
            return new ProposalAnswer.Refused(ErrorCode.STALE_BROKER_EPOCH);
        ErrorCode refusal = refusal(brokerId, proposal);
        if (refusal != ErrorCode.NONE) return new ProposalAnswer.Refused(refusal);
        Set<Integer> newIsr = new TreeSet<>();
        for (IsrProposal.Member member : proposal.isr()) newIsr.add(member.brokerId());
        if (newIsr.size() > isr.size()) claims.grows();
        change(newIsr, Set.of());
        if (leader != brokerId) return new ProposalAnswer.Refused(ErrorCode.NEW_LEADER_ELECTED);
        return new ProposalAnswer.Committed(leaderEpoch, partitionEpoch, List.copyOf(isr));
    }

    private ErrorCode refusal(int brokerId, IsrProposal proposal) {
        if (proposal.leaderEpoch() > leaderEpoch || proposal.partitionEpoch() > partitionEpoch)
            return ErrorCode.NOT_CONTROLLER;
        if (proposal.leaderEpoch() < leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
        if (brokerId != leader) return ErrorCode.INVALID_REQUEST;
        if (proposal.partitionEpoch() < partitionEpoch && mistake != Mistake.PARTITION_EPOCH_IGNORED)
            return ErrorCode.INVALID_UPDATE_VERSION;
        for (IsrProposal.Member member : proposal.isr()) {
            boolean isSameLife = member.brokerEpoch() == KnownBrokers.NO_EPOCH
                    || (brokers.containsKey(member.brokerId())
                            && brokers.get(member.brokerId()).epoch == member.brokerEpoch());
            if (!isActive(member.brokerId()) || !isSameLife) return ErrorCode.INELIGIBLE_REPLICA;
        }
        return ErrorCode.NONE;
    }

    @Override
    public String toString() {
        return "leader " + leader + " in epoch " + leaderEpoch + ", isr " + isr + ", elr " + elr + ", partition epoch "
                + partitionEpoch;
    }
}
