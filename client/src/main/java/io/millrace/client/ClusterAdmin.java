package io.millrace.client;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.DescribeClusterRequest;
import io.millrace.protocol.messages.DescribeClusterResponse;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.UnregisterBrokerRequest;
import io.millrace.protocol.messages.UnregisterBrokerResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/** What an {@link Admin} learns of the cluster as a whole, and of its nodes. */
public final class ClusterAdmin {
    private static final int FIRST_WITH_ENDPOINT_TYPES = 1;
    private static final int FIRST_WITH_FENCED = 2;

    private final Cluster cluster;

    ClusterAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /** The brokers, those that are fenced too where the cluster tells (KIP-700, KIP-1073); or the controllers, if those are asked. */
    public ClusterDescription describe() {
        Deadline deadline = cluster.deadline();
        boolean ofControllers = cluster.endpointType() == Cluster.CONTROLLERS;
        if (!ofControllers && !cluster.speaks(ApiKey.DESCRIBE_CLUSTER, new Destination.AnyNode(), deadline))
            return byMetadata(cluster.metadata(List.of(), deadline));
        var call = new Call<>(
                ApiKey.DESCRIBE_CLUSTER,
                ofControllers ? FIRST_WITH_ENDPOINT_TYPES : ApiKey.DESCRIBE_CLUSTER.oldestVersion(),
                ApiKey.DESCRIBE_CLUSTER.latestVersion(),
                version -> DescribeClusterRequest.builder()
                        .endpointType(cluster.endpointType())
                        .includeFencedBrokers(!ofControllers && version >= FIRST_WITH_FENCED)
                        .build(),
                DescribeClusterResponse.class,
                answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.AnyNode(), call, deadline);
        if (answer.errorCode() != ErrorCode.NONE.code())
            throw new ClientFailure.Refused(ErrorCode.forCode(answer.errorCode()), answer.errorMessage());
        return new ClusterDescription(
                answer.clusterId(),
                answer.controllerId(),
                answer.brokers().stream()
                        .map(it -> new ClusterDescription.Node(
                                it.brokerId(), new HostAndPort(it.host(), it.port()), it.rack(), it.isFenced()))
                        .sorted(Comparator.comparingInt(ClusterDescription.Node::id))
                        .toList());
    }

    /** What this client may do with the cluster (KIP-430, KIP-700): everything, where it has no authorizer. */
    public Set<Acl.Operation> operations() {
        var call = new Call<>(
                ApiKey.DESCRIBE_CLUSTER,
                cluster.endpointType() == Cluster.CONTROLLERS
                        ? FIRST_WITH_ENDPOINT_TYPES
                        : ApiKey.DESCRIBE_CLUSTER.oldestVersion(),
                ApiKey.DESCRIBE_CLUSTER.latestVersion(),
                version -> DescribeClusterRequest.builder()
                        .endpointType(cluster.endpointType())
                        .includeClusterAuthorizedOperations(true)
                        .build(),
                DescribeClusterResponse.class,
                answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.AnyNode(), call, cluster.deadline());
        if (answer.errorCode() != ErrorCode.NONE.code())
            throw new ClientFailure.Refused(ErrorCode.forCode(answer.errorCode()), answer.errorMessage());
        return Acl.Operation.setOf(answer.clusterAuthorizedOperations());
    }

    private static ClusterDescription byMetadata(MetadataResponse answer) {
        String clusterId = answer.clusterId();
        return new ClusterDescription(
                clusterId == null ? "" : clusterId,
                answer.controllerId(),
                answer.brokers().stream()
                        .map(it -> new ClusterDescription.Node(
                                it.nodeId(), new HostAndPort(it.host(), it.port()), it.rack(), false))
                        .sorted(Comparator.comparingInt(ClusterDescription.Node::id))
                        .toList());
    }

    /**
     * What a broker speaks.
     *
     * @param brokerId one that is up
     */
    public NodeVersions versions(int brokerId) {
        var call = Call.of(NodeConnection.hello(), ApiVersionsResponse.class, answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.Broker(brokerId), call, cluster.deadline());
        if (answer.errorCode() != ErrorCode.NONE.code())
            throw new ClientFailure.Refused(ErrorCode.forCode(answer.errorCode()), null);
        List<NodeVersions.Api> apis = new ArrayList<>();
        for (var it : answer.apiKeys())
            apis.add(new NodeVersions.Api(
                    it.apiKey(),
                    ApiKey.forCode(it.apiKey()).map(ApiKey::name).orElse("API_" + it.apiKey()),
                    it.minVersion(),
                    it.maxVersion()));
        apis.sort(Comparator.comparingInt(NodeVersions.Api::key));
        return new NodeVersions(apis, features(answer));
    }

    /**
     * Has the cluster forget a broker that will not come back; its partitions have other leaders, or none.
     *
     * @throws ClientFailure.Refused if it is not registered
     */
    public void unregister(int brokerId) {
        var call = Call.of(
                new UnregisterBrokerRequest(brokerId),
                UnregisterBrokerResponse.class,
                answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.Controller(), call, cluster.deadline());
        if (answer.errorCode() != ErrorCode.NONE.code())
            throw new ClientFailure.Refused(ErrorCode.forCode(answer.errorCode()), answer.errorMessage());
    }

    static List<NodeVersions.Feature> features(ApiVersionsResponse answer) {
        Map<String, NodeVersions.Feature> features = new TreeMap<>();
        for (var it : answer.supportedFeatures())
            features.put(
                    it.name(),
                    new NodeVersions.Feature(it.name(), it.minVersion(), it.maxVersion(), OptionalInt.empty()));
        for (var it : answer.finalizedFeatures()) {
            NodeVersions.Feature known = features.get(it.name());
            features.put(
                    it.name(),
                    new NodeVersions.Feature(
                            it.name(),
                            known == null ? -1 : known.lowest(),
                            known == null ? -1 : known.highest(),
                            OptionalInt.of(it.maxVersionLevel())));
        }
        return List.copyOf(features.values());
    }
}
