package io.millrace.cli.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.Disk;
import io.millrace.host.HostDisk;
import io.millrace.metadata.MetadataVersion;
import io.millrace.protocol.Uuid;
import io.millrace.raft.Voter;
import io.millrace.raft.run.SnapshotFiles;
import io.millrace.raft.run.SnapshotReader;
import io.millrace.server.format.FormatPlan;
import io.millrace.server.format.Formatter;
import io.millrace.server.format.InitialQuorum;
import io.millrace.storage.MetaProperties;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FormatterFailureTest {
    @TempDir
    private Path temp;

    @Test
    void aDiskThatFailsAtAnyStepLeavesDirectoriesThatAreWholeOrCanBeFormattedAgain() throws IOException {
        int step = 0;
        boolean failed = true;
        while (failed) {
            FormatPlan plan = plan(temp.resolve("run" + step));
            AtomicLong ids = new AtomicLong(1000);
            failed = false;
            try {
                new Formatter(failingAt(step)).format(plan, 1, () -> new Uuid(1, ids.incrementAndGet()));
            } catch (IOException expected) {
                failed = true;
            }
            new Formatter(new HostDisk()).format(plan, 1, () -> new Uuid(1, ids.incrementAndGet()));
            assertWhole(plan);
            step++;
        }
        assertTrue(step > 10, "only " + step + " steps were tried");
    }

    private static void assertWhole(FormatPlan plan) throws IOException {
        HostDisk disk = new HostDisk();
        for (Path directory : plan.directories()) {
            Optional<MetaProperties> properties = MetaProperties.read(disk, directory);
            assertEquals(Optional.of("abc"), properties.map(MetaProperties::clusterId));
        }
        Path metadata = plan.metadataLogDirectory();
        var snapshot = SnapshotReader.read(disk, metadata.resolve("__cluster_metadata-0"), SnapshotFiles.BOOTSTRAP);
        assertEquals(
                MetaProperties.read(disk, metadata).orElseThrow().directoryId(),
                snapshot.voters().orElseThrow().find(1).orElseThrow().key().directoryId());
    }

    private static FormatPlan plan(Path parent) {
        return new FormatPlan(
                "abc",
                1,
                true,
                List.of(parent.resolve("a"), parent.resolve("b")),
                parent.resolve("b"),
                new InitialQuorum.Standalone(new Voter.Endpoint("CONTROLLER", "localhost", 9093)),
                MetadataVersion.latest(),
                Map.of(),
                true);
    }

    /** The machine's disk, of which the operation of this number, and every later one, fails. */
    private static Disk failingAt(int step) {
        HostDisk disk = new HostDisk();
        AtomicInteger calls = new AtomicInteger();
        return (Disk) Proxy.newProxyInstance(
                Disk.class.getClassLoader(), new Class<?>[] {Disk.class}, (proxy, method, arguments) -> {
                    boolean canFail = List.of(method.getExceptionTypes()).contains(IOException.class);
                    if (canFail && !method.isDefault() && calls.getAndIncrement() >= step) {
                        throw new IOException("disk failed");
                    }
                    try {
                        return method.isDefault()
                                ? java.lang.reflect.InvocationHandler.invokeDefault(proxy, method, arguments)
                                : method.invoke(disk, arguments);
                    } catch (InvocationTargetException thrown) {
                        throw thrown.getCause();
                    }
                });
    }
}
