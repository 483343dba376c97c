package io.millrace.raft.run;

import io.millrace.raft.ReplicaKey;
import io.millrace.raft.VoterSet;

/**
 * Who this node is in the metadata quorum.
 *
 * @param self node id, and directory id of the metadata log directory as its {@code meta.properties} says
 * @param staticVoters those of {@code controller.quorum.voters}, or {@link VoterSet#NONE}; what log or snapshot say of
 *     voters overrules them
 * @param log sizes and times of the log
 */
public record QuorumConfig(ReplicaKey self, VoterSet staticVoters, MetadataLogConfig log) {}
