package io.millrace.raft;

import io.millrace.protocol.messages.VotersRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The voters of the metadata quorum, ordered by id.
 *
 * @param voters each id once
 */
public record VoterSet(List<Voter> voters) {
    /** Nobody: a node that was not told who votes. */
    public static final VoterSet NONE = new VoterSet(List.of());

    /** Sorts the voters and refuses the same id twice. */
    public VoterSet {
        voters = voters.stream()
                .sorted(Comparator.comparingInt(voter -> voter.key().id()))
                .toList();
        Set<Integer> ids = new HashSet<>();
        for (Voter voter : voters) {
            if (!ids.add(voter.key().id())) {
                throw new IllegalArgumentException("voter " + voter.key().id() + " is named twice");
            }
        }
    }

    /** The voter with this id. */
    public Optional<Voter> find(int id) {
        return voters.stream().filter(voter -> voter.key().id() == id).findFirst();
    }

    /** Whether a replica votes; with known directories it must be the very same directory. */
    public boolean contains(ReplicaKey replica) {
        // Asked at every step of the quorum.
        for (Voter voter : voters) if (voter.key().id() == replica.id()) return voter.is(replica);
        return false;
    }

    /** Whether a replica is the only voter. */
    public boolean isOnlyVoter(ReplicaKey replica) {
        return voters.size() == 1 && contains(replica);
    }

    /** All but the voter with this id. */
    public VoterSet without(int id) {
        return new VoterSet(
                voters.stream().filter(voter -> voter.key().id() != id).toList());
    }

    /** How many make a majority. */
    public int majority() {
        return voters.size() / 2 + 1;
    }

    /** The ids, in order. */
    public List<Integer> ids() {
        return voters.stream().map(voter -> voter.key().id()).toList();
    }

    /** As the control record says it. */
    public VotersRecord toRecord() {
        return VotersRecord.builder()
                .version((short) 0)
                .voters(voters.stream().map(VoterSet::toRecord).toList())
                .build();
    }

    /** From the control record. */
    public static VoterSet fromRecord(VotersRecord record) {
        List<Voter> voters = new ArrayList<>();
        for (VotersRecord.Voter voter : record.voters()) {
            List<Voter.Endpoint> endpoints = voter.endpoints().stream()
                    .map(endpoint -> new Voter.Endpoint(endpoint.name(), endpoint.host(), endpoint.port()))
                    .toList();
            voters.add(new Voter(
                    new ReplicaKey(voter.voterId(), voter.voterDirectoryId()),
                    endpoints,
                    voter.kRaftVersionFeature().minSupportedVersion(),
                    voter.kRaftVersionFeature().maxSupportedVersion()));
        }
        return new VoterSet(voters);
    }

    private static VotersRecord.Voter toRecord(Voter voter) {
        return VotersRecord.Voter.builder()
                .voterId(voter.key().id())
                .voterDirectoryId(voter.key().directoryId())
                .endpoints(voter.endpoints().stream()
                        .map(endpoint -> VotersRecord.Endpoint.builder()
                                .name(endpoint.listener())
                                .host(endpoint.host())
                                .port(endpoint.port())
                                .build())
                        .toList())
                .kRaftVersionFeature(VotersRecord.KRaftVersionFeature.builder()
                        .minSupportedVersion(voter.minKraftVersion())
                        .maxSupportedVersion(voter.maxKraftVersion())
                        .build())
                .build();
    }
}
