package io.millrace.server.following;

import io.millrace.connection.BufferPool;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.ClientSettings;
import io.millrace.connection.run.ConversationLane;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.environment.Transport;
import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.Uuid;
import io.millrace.replication.PartitionId;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.server.network.NodeLine;
import io.millrace.server.partitions.LeaderFetches;
import io.millrace.server.partitions.ReplicationThrottle;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The streams of one lane to the leaders that its followers follow, one to each broker. A lane without followers has no stream, buffer or timer.
 * Touched only on that lane.
 */
public final class FetchStreams implements LeaderFetches {
    private static final long IDLE_BUFFER_BYTES = 16L << 20;

    /** Answers that are being received, of all streams together; one larger answer at a time may go beyond. */
    private static final long LARGE_BUFFER_BYTES = 32L << 20;

    private static final long FIRST_RECONNECT_MS = 50;
    private static final long CONNECT_MS = 10_000;

    /** Look-ups beside the one fetch. */
    private static final int MOST_IN_FLIGHT = 100;

    private record Place(FetchStream stream, PartitionId id) {}

    private final Lane lane;
    private final Clock clock;
    private final Randomness randomness;
    private final Transport transport;
    private final FollowingSettings settings;
    private final ReplicationThrottle throttle;
    private final BufferPool pool;
    private final Map<Integer, FetchStream> streams = new HashMap<>();
    private final Map<FollowerPartition, Place> places = new LinkedHashMap<>();
    private NodeLine.@Nullable Means means;
    private MetadataImage image = MetadataImage.EMPTY;
    private boolean isClosed;

    /** Streams of that lane, of which there is none yet. */
    public FetchStreams(
            Lane lane,
            Clock clock,
            Randomness randomness,
            Transport transport,
            FollowingSettings settings,
            ReplicationThrottle throttle) {
        this(
                lane,
                clock,
                randomness,
                transport,
                settings,
                throttle,
                new BufferPool(IDLE_BUFFER_BYTES, LARGE_BUFFER_BYTES));
    }

    FetchStreams(
            Lane lane,
            Clock clock,
            Randomness randomness,
            Transport transport,
            FollowingSettings settings,
            ReplicationThrottle throttle,
            BufferPool pool) {
        this.lane = lane;
        this.clock = clock;
        this.randomness = randomness;
        this.transport = transport;
        this.settings = settings;
        this.throttle = throttle;
        this.pool = pool;
    }

    /**
     * The partition's records are to be fetched from a broker, in the leadership that the follower follows. Called again when the leader or its
     * epoch changes.
     *
     * @param leaderBroker another broker than this one
     */
    @Override
    public void follow(Uuid topicId, FollowerPartition partition, int leaderBroker) {
        if (isClosed) return;
        if (leaderBroker < 0 || leaderBroker == settings.brokerId())
            throw new IllegalArgumentException(partition + " cannot follow broker " + leaderBroker);
        Place known = places.get(partition);
        if (known != null && known.stream().brokerId() == leaderBroker) {
            known.stream().ready(known.id());
            return;
        }
        if (known != null) leave(partition);
        FetchStream stream = streams.computeIfAbsent(leaderBroker, this::open);
        PartitionId id = new PartitionId(topicId, partition.name().partition());
        places.put(partition, new Place(stream, id));
        partition.whenReady(() -> stream.ready(id));
        stream.follow(id, partition);
    }

    private FetchStream open(int brokerId) {
        NodeLine.Means made = means;
        if (made == null) {
            ClientSettings usual = ClientSettings.named("broker-" + settings.brokerId() + "-fetcher-" + lane.name());
            made = new NodeLine.Means(
                    transport,
                    new ConversationLane(lane, clock, pool),
                    clock,
                    randomness,
                    new ClientSettings(
                            usual.clientId(),
                            usual.softwareName(),
                            usual.softwareVersion(),
                            Math.min(CONNECT_MS, settings.socketTimeoutMs()),
                            settings.socketTimeoutMs(),
                            settings.longestAnswerBytes(),
                            MOST_IN_FLIGHT),
                    new ReconnectBackoff(Math.min(FIRST_RECONNECT_MS, settings.backoffMs()), settings.backoffMs()),
                    true);
            means = made;
        }
        FetchStream stream = new FetchStream(brokerId, lane, clock, settings, made, throttle);
        stream.brokersChanged(image);
        return stream;
    }

    /** The partition is not followed here any longer; nothing more is handed to it. */
    @Override
    public void leave(FollowerPartition partition) {
        Place place = places.remove(partition);
        if (place == null) return;
        partition.whenReady(null);
        place.stream().leave(place.id(), partition);
        if (place.stream().isEmpty()) {
            place.stream().close();
            streams.remove(place.stream().brokerId());
        }
    }

    /** Says where brokers are, and what this one's epoch is. */
    @Override
    public void brokersChanged(MetadataImage newImage) {
        image = newImage;
        for (FetchStream stream : streams.values()) stream.brokersChanged(newImage);
    }

    @Override
    public void throttleChanged() {
        for (FetchStream stream : streams.values()) stream.throttleChanged();
    }

    /** How many partitions are followed. */
    public int size() {
        return places.size();
    }

    /** Ends all streams; followers get nothing any more. */
    @Override
    public void close() {
        isClosed = true;
        for (FollowerPartition partition : List.copyOf(places.keySet())) leave(partition);
    }
}
