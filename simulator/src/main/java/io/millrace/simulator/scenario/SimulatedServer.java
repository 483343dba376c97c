package io.millrace.simulator.scenario;

import io.millrace.environment.Disk;
import io.millrace.environment.Environment;
import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.Uuid;
import io.millrace.server.Node;
import io.millrace.server.NodeEvents;
import io.millrace.server.Ready;
import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.format.FormatOptions;
import io.millrace.server.format.Formatter;
import io.millrace.simulator.SimulatedNetwork;
import io.millrace.simulator.SimulatedNode;
import io.millrace.simulator.Simulation;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.MetaProperties;
import io.millrace.testkit.disk.SimulatedDisk;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A machine and the real server on it, over all its lives. An empty disk is formatted, as {@code millrace start} does. */
public final class SimulatedServer {
    private static final int PORT = 9092;
    static final String CLUSTER_ID = "AAAAAAAAQACAAAAAAAAAAQ";

    private final Simulation simulation;
    private final SimulatedNetwork network;
    private final int laneCount;
    private final Map<String, String> properties = new LinkedHashMap<>();
    private final Watch watch;
    private int port = PORT;
    private int driftPartsPerMillion;
    private FormatOptions.QuorumChoice quorum = new FormatOptions.QuorumChoice.StandaloneUnlessStatic();
    private SimulatedNode machine;
    private @Nullable Node node;
    private final List<Exception> failures = new ArrayList<>();
    private boolean mayFail;
    private boolean isServing;
    private boolean gaveUpWhileServing;
    private int starts;

    /**
     * A server that is down, on an empty disk.
     *
     * @param stated properties besides those of a single node
     */
    public SimulatedServer(Simulation simulation, SimulatedNetwork network, int laneCount, Map<String, String> stated) {
        this(simulation, network, laneCount, stated, simulation.newDisk());
    }

    /**
     * A server that is down, on a disk with what an earlier one left.
     *
     * @param stated properties besides those of a single node
     */
    public SimulatedServer(
            Simulation simulation,
            SimulatedNetwork network,
            int laneCount,
            Map<String, String> stated,
            SimulatedDisk disk) {
        this(simulation, network, laneCount, disk, Watch.NOBODY);
        properties.put("log.dirs", "/data");
        properties.put("listeners", "PLAINTEXT://127.0.0.1:" + PORT + ",CONTROLLER://127.0.0.1:9093");
        properties.put("controller.listener.names", "CONTROLLER");
        properties.putAll(stated);
    }

    private SimulatedServer(
            Simulation simulation, SimulatedNetwork network, int laneCount, SimulatedDisk disk, Watch watch) {
        this.simulation = simulation;
        this.network = network;
        this.laneCount = laneCount;
        this.watch = watch;
        machine = network.addNode(laneCount, disk);
        machine.kill();
    }

    /**
     * A node of a cluster that is down, on an empty disk.
     *
     * @param port where clients find it, if it is a broker
     * @param allOfThem its properties but for {@code listeners}, which name that port
     * @param quorum who votes when it is formatted for the first time
     */
    static SimulatedServer ofCluster(
            Simulation simulation,
            SimulatedNetwork network,
            int laneCount,
            int port,
            Map<String, String> allOfThem,
            FormatOptions.QuorumChoice quorum,
            Watch watch) {
        SimulatedServer server = new SimulatedServer(simulation, network, laneCount, simulation.newDisk(), watch);
        server.port = port;
        server.quorum = quorum;
        server.properties.putAll(allOfThem);
        return server;
    }

    /** Who looks on, in all its lives. */
    interface Watch {
        /** Nobody does. */
        Watch NOBODY = new Watch() {
            @Override
            public void metadataRead(MetadataImage image) {}

            @Override
            public void leadsQuorum(int epoch) {}

            @Override
            public void resignsQuorum() {}
        };

        /** As {@link NodeEvents#metadataRead}. */
        void metadataRead(MetadataImage image);

        /** As {@link NodeEvents#leadsQuorum}. */
        void leadsQuorum(int epoch);

        /** As {@link NodeEvents#resignsQuorum}. */
        void resignsQuorum();
    }

    /** From its next life on its clocks gain so much, or lose. */
    void drift(int partsPerMillion) {
        driftPartsPerMillion = partsPerMillion;
    }

    /** From its next life on clients find it there. */
    void moveTo(int newPort, String listeners) {
        port = newPort;
        properties.put("listeners", listeners);
    }

    /** Its process ends, and an empty disk takes the place of what it has; it is formatted for the cluster that exists. */
    void replaceDisk() {
        machine.kill();
        machine.disk().replace();
        if (quorum instanceof FormatOptions.QuorumChoice.InitialControllers)
            quorum = new FormatOptions.QuorumChoice.NoInitialControllers();
    }

    /** From now on the disk fails now and then: where the node gives up, or cannot start, its process ends. */
    public void mayFail() {
        mayFail = true;
    }

    /** Why processes gave up so far. */
    public List<Exception> failures() {
        return failures;
    }

    /** Whether it has given up, ever, after it was ready. */
    public boolean gaveUpWhileServing() {
        return gaveUpWhileServing;
    }

    /** Where clients find it. */
    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /** The machine of its present or last life. */
    public SimulatedNode machine() {
        return machine;
    }

    /** The machine's disk. */
    public SimulatedDisk disk() {
        return machine.disk();
    }

    /** Whether it is up and has said that it is ready. */
    public boolean isServing() {
        return isServing && !machine.isDown();
    }

    /** How often it was started. */
    public int starts() {
        return starts;
    }

    /** Begins its next life. */
    public void start() {
        machine = network.restart(machine, laneCount);
        machine.drift(driftPartsPerMillion);
        isServing = false;
        node = null;
        starts++;
        SimulatedNode here = machine;
        here.start(() -> boot(here));
    }

    private void boot(SimulatedNode here) {
        Environment environment = here.environment();
        ServerConfig config = new ServerConfig(properties);
        Formatter formatter = new Formatter(environment.disk());
        try {
            if (!isFormatted(environment.disk(), config)) {
                formatter.format(
                        new FormatOptions(CLUSTER_ID, Optional.empty(), Map.of(), quorum, true).plan(config),
                        environment.clock().wallMs(),
                        () -> new Uuid(
                                environment.randomness().nextLong(),
                                environment.randomness().nextLong()));
            }
            node = Node.boot(environment, config, new Listener(here));
        } catch (IOException | LogDirectoryFailed | CorruptLog | BadConfig e) {
            gaveUp(here, e);
        }
    }

    private static boolean isFormatted(Disk disk, ServerConfig config) {
        return config.logDirs().stream()
                .allMatch(directory -> disk.exists(directory.resolve(MetaProperties.FILE_NAME)));
    }

    private void gaveUp(SimulatedNode life, Exception why) {
        if (!mayFail) throw new AssertionError("the node gave up in life " + starts + ": " + why.getMessage(), why);
        failures.add(why);
        gaveUpWhileServing |= isServing && life == machine;
        life.kill();
    }

    private final class Listener implements NodeEvents {
        private final SimulatedNode life;

        Listener(SimulatedNode life) {
            this.life = life;
        }

        @Override
        public void ready(Ready ready) {
            simulation.trace(ready.bootMs());
            if (life == machine) isServing = true;
        }

        @Override
        public void metadataRead(MetadataImage image) {
            if (!life.isDown()) watch.metadataRead(image);
        }

        @Override
        public void leadsQuorum(int epoch) {
            if (!life.isDown()) watch.leadsQuorum(epoch);
        }

        @Override
        public void resignsQuorum() {
            if (!life.isDown()) watch.resignsQuorum();
        }

        @Override
        public void failed(Exception why) {
            if (!life.isDown()) gaveUp(life, why);
        }
    }

    /** Asks it to stop in order; the process ends when it has. */
    public void stop() {
        Node running = node;
        SimulatedNode here = machine;
        if (running == null || !isServing()) return;
        isServing = false;
        here.start(() -> running.stop(failure -> {
            if (!mayFail) requireNone(failure);
            here.kill();
        }));
    }

    private static void requireNone(Optional<Exception> failure) {
        if (failure.isPresent()) throw new AssertionError("an orderly stop failed", failure.get());
    }
}
