package io.millrace.cli.start;

import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.host.HostEnvironment;
import io.millrace.host.HostLane;
import io.millrace.host.SocketOptions;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.server.Node;
import io.millrace.server.NodeEvents;
import io.millrace.server.Ready;
import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.metrics.LaneLoad;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A node and the threads it runs on, for as long as this process lives. Its methods may be called on any thread. */
final class NodeProcess {
    private static final System.Logger LOG = System.getLogger(NodeProcess.class.getName());
    private static final int MAX_LANES = 1024;
    /** Mostly they wait for the disk, and the file system makes the forces of many files one. */
    private static final int LEAST_HELPERS = 16;

    /** Of {@link ServerConfig#KEPT_BYTES}. */
    static final long DEFAULT_KEPT_BYTES = 256 << 20;

    /** Logs are forced when a node stops, which takes a slow disk its time. */
    private static final int MAX_STOP_SECONDS = 60;

    private final AtomicReference<@Nullable Node> node = new AtomicReference<>();
    private final HostEnvironment host;

    private NodeProcess(HostEnvironment host) {
        this.host = host;
    }

    /**
     * Starts the threads; no node yet.
     *
     * @param broken told if a lane's task threw, which ends the process at once
     * @throws BadConfig if the number of lanes, or another property of ours, is not usable
     */
    static NodeProcess begin(ServerConfig config, Consumer<String> broken) throws IOException {
        int lanes = laneCount(config);
        return new NodeProcess(HostEnvironment.start(
                lanes, Math.max(LEAST_HELPERS, lanes), socketOptions(config), keptBytes(config), (lane, cause) -> {
                    LOG.log(System.Logger.Level.ERROR, "lane " + lane + " has failed", cause);
                    broken.accept("lane " + lane + " has failed: " + cause);
                }));
    }

    private static long keptBytes(ServerConfig config) {
        String stated = config.own(ServerConfig.KEPT_BYTES);
        if (stated == null) return DEFAULT_KEPT_BYTES;
        try {
            long bytes = Long.parseLong(stated);
            if (bytes >= 0) return bytes;
        } catch (NumberFormatException notANumber) {
            throw new BadConfig(ServerConfig.KEPT_BYTES + "='" + stated + "' is not a whole number");
        }
        throw new BadConfig(ServerConfig.KEPT_BYTES + "=" + stated + " is below 0");
    }

    private static int laneCount(ServerConfig config) {
        String stated = config.own(ServerConfig.LANES);
        if (stated == null) return Runtime.getRuntime().availableProcessors();
        try {
            int lanes = Integer.parseInt(stated);
            if (lanes >= 1 && lanes <= MAX_LANES) return lanes;
        } catch (NumberFormatException notANumber) {
            throw new BadConfig(ServerConfig.LANES + "='" + stated + "' is not a whole number");
        }
        throw new BadConfig(ServerConfig.LANES + "=" + stated + " is not in [1, " + MAX_LANES + "]");
    }

    /** Kafka's defaults for buffers are below what kernels adapt to by themselves, so they count only when stated. */
    private static SocketOptions socketOptions(ServerConfig config) {
        EffectiveConfigs configs = config.effective();
        return new SocketOptions(
                stated(config, configs, "socket.listen.backlog.size", SocketOptions.DEFAULT.listenBacklog()),
                stated(config, configs, "socket.send.buffer.bytes", SocketOptions.DEFAULT.sendBufferBytes()),
                stated(config, configs, "socket.receive.buffer.bytes", SocketOptions.DEFAULT.receiveBufferBytes()));
    }

    private static int stated(ServerConfig config, EffectiveConfigs configs, String name, int otherwise) {
        return config.stated().containsKey(name) ? configs.brokerInt(name) : otherwise;
    }

    HostEnvironment host() {
        return host;
    }

    /** The node, once it has been booted. */
    Optional<Node> node() {
        return Optional.ofNullable(node.get());
    }

    /**
     * Boots the node.
     *
     * @param ready told on a lane when it serves
     * @param failed told on a lane when it cannot go on
     */
    void boot(ServerConfig config, Consumer<Ready> ready, Consumer<Exception> failed) throws IOException {
        List<Lane> lanes = List.copyOf(host.lanes());
        Environment environment = new Environment(
                host.clock(), host.randomness(), host.disk(), host.transport(), lanes, host.metadataLane());
        node.set(Node.boot(
                environment,
                config,
                new NodeEvents() {
                    @Override
                    public void ready(Ready it) {
                        ready.accept(it);
                    }

                    @Override
                    public void failed(Exception why) {
                        failed.accept(why);
                    }
                },
                NodeProcess::load));
    }

    private static Optional<LaneLoad> load(Lane lane) {
        if (!(lane instanceof HostLane host)) return Optional.empty();
        return Optional.of(new LaneLoad() {
            @Override
            public long turns() {
                return host.turns();
            }

            @Override
            public long tasksRun() {
                return host.tasksRun();
            }

            @Override
            public long asleepNanos() {
                return host.asleepNanos();
            }
        });
    }

    /**
     * Stops the node in order and ends the threads. Blocks; not to be called on a lane.
     *
     * @return what went wrong, if anything
     */
    Optional<String> stop() {
        Node running = node.getAndSet(null);
        try {
            if (running != null) {
                CountDownLatch isStopped = new CountDownLatch(1);
                AtomicReference<Optional<Exception>> outcome = new AtomicReference<>(Optional.empty());
                running.stop(failure -> {
                    outcome.set(failure);
                    isStopped.countDown();
                });
                if (!isStopped.await(MAX_STOP_SECONDS, TimeUnit.SECONDS))
                    return Optional.of("the node did not stop in " + MAX_STOP_SECONDS + " s");
                Optional<Exception> failure = outcome.get();
                if (failure.isPresent()) return Optional.of("the node did not stop cleanly: " + failure.get());
            }
            host.close();
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("interrupted while the node was stopping");
        } catch (IllegalStateException late) {
            return Optional.of(String.valueOf(late.getMessage()));
        }
    }
}
