package io.millrace.client;

import io.millrace.client.security.ConnectionSecurity;
import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * Looks at a cluster and changes it. Calls block and work on the caller's thread; an instance is for one thread at a time.
 * All of them throw {@link ClientFailure} if the cluster cannot be reached in time, refuses the whole request, or does
 * not speak it; what the cluster says of single topics, groups and partitions is an {@link Answer}.
 *
 * <pre>{@code
 * try (Admin admin = Admin.of(Map.of("bootstrap.servers", "localhost:9092"))) {
 *     admin.topics().create(List.of(new NewTopic("orders", 3, 1)), false).get("orders").orThrow();
 *     admin.topics().list().forEach(topic -> System.out.println(topic.name()));
 * }
 * }</pre>
 */
public final class Admin implements AutoCloseable {
    private final Cluster cluster;
    private final TopicAdmin topics;
    private final ConfigAdmin configs;
    private final AclAdmin acls;
    private final GroupAdmin groups;
    private final OffsetAdmin offsets;
    private final LogDirAdmin logDirs;
    private final ProducerAdmin producers;
    private final TransactionAdmin transactions;
    private final ClusterAdmin wholeCluster;
    private final FeatureAdmin features;
    private final ReplicaAdmin replicas;
    private final QuorumAdmin quorum;

    private Admin(Cluster cluster) {
        this.cluster = cluster;
        this.topics = new TopicAdmin(cluster);
        this.configs = new ConfigAdmin(cluster);
        this.acls = new AclAdmin(cluster);
        this.groups = new GroupAdmin(cluster);
        this.offsets = new OffsetAdmin(cluster);
        this.logDirs = new LogDirAdmin(cluster);
        this.producers = new ProducerAdmin(cluster);
        this.transactions = new TransactionAdmin(cluster);
        this.wholeCluster = new ClusterAdmin(cluster);
        this.features = new FeatureAdmin(cluster);
        this.replicas = new ReplicaAdmin(cluster);
        this.quorum = new QuorumAdmin(cluster);
    }

    /**
     * An admin for a cluster, by Kafka's property names: {@code bootstrap.servers}, which is needed, {@code client.id}, {@code
     * default.api.timeout.ms} (60 s), {@code socket.connection.setup.timeout.ms} (10 s), and those of TLS and SASL. It connects with
     * the first call. A property without effect is refused.
     *
     * @param properties values of any type, as their text says
     * @throws IllegalArgumentException naming the property, and what is wrong
     */
    public static Admin of(Map<String, ?> properties) {
        return AdminProperties.open(properties);
    }

    /**
     * An admin for the cluster that these addresses belong to; connects with the first call.
     *
     * @param bootstrap tried in order, at least one; the cluster says itself where its other nodes are
     */
    public static Admin of(List<HostAndPort> bootstrap, AdminOptions options) {
        return of(bootstrap, options, ConnectionSecurity.NONE);
    }

    /**
     * As {@link #of(List, AdminOptions)}, over connections that are protected.
     *
     * @throws IllegalArgumentException if a store of keys or certificates cannot be read
     */
    public static Admin of(List<HostAndPort> bootstrap, AdminOptions options, ConnectionSecurity security) {
        if (bootstrap.isEmpty()) throw new IllegalArgumentException("no bootstrap address");
        return new Admin(new Cluster(bootstrap, options, SocketProtection.of(security)));
    }

    /**
     * An admin that asks controllers themselves, by the addresses of their listeners, as where no broker is up. What only brokers
     * answer fails with {@link ClientFailure.NotSupported} (KIP-919).
     *
     * @throws IllegalArgumentException if a store of keys or certificates cannot be read
     */
    public static Admin ofControllers(List<HostAndPort> bootstrap, AdminOptions options, ConnectionSecurity security) {
        if (bootstrap.isEmpty()) throw new IllegalArgumentException("no bootstrap address");
        return new Admin(new Cluster(bootstrap, options, SocketProtection.of(security), Cluster.CONTROLLERS));
    }

    /** Topics and their partitions. */
    public TopicAdmin topics() {
        return topics;
    }

    /** Configurations of topics, brokers, groups and client metrics. */
    public ConfigAdmin configs() {
        return configs;
    }

    /** Access control lists. */
    public AclAdmin acls() {
        return acls;
    }

    /** Groups, their members and committed offsets. */
    public GroupAdmin groups() {
        return groups;
    }

    /** Where logs begin and end, and what is deleted from their start. */
    public OffsetAdmin offsets() {
        return offsets;
    }

    /** Log directories of brokers. */
    public LogDirAdmin logDirs() {
        return logDirs;
    }

    /** Producers of partitions, and transactions they left hanging. */
    public ProducerAdmin producers() {
        return producers;
    }

    /** Transactions, as their coordinators tell of them. */
    public TransactionAdmin transactions() {
        return transactions;
    }

    /** The cluster as a whole and its nodes. */
    public ClusterAdmin cluster() {
        return wholeCluster;
    }

    /** The levels of the cluster's features. */
    public FeatureAdmin features() {
        return features;
    }

    /** The metadata quorum. */
    public QuorumAdmin quorum() {
        return quorum;
    }

    /** Who leads partitions, and on which brokers their replicas are. */
    public ReplicaAdmin replicas() {
        return replicas;
    }

    /**
     * This admin, to be asked from any thread and answered in futures. From now on it must not be used in another way, except to
     * close it.
     *
     * @param executor makes the calls, one at a time; they block, so that virtual threads suit it
     */
    public AsyncAdmin async(Executor executor) {
        return new AsyncAdmin(this, executor);
    }

    /** One partition's batches, as they are. */
    public PartitionAccess partition(TopicPartition partition) {
        return new PartitionAccess(cluster, partition);
    }

    /** Closes its connections. */
    @Override
    public void close() {
        cluster.close();
    }
}
