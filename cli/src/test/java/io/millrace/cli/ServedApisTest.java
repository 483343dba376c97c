package io.millrace.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Admin;
import io.millrace.protocol.ApiKey;
import io.millrace.server.Node;
import io.millrace.server.network.ApiTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.FieldRefEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a node serves can be asked for with our client: read from the compiled classes of both. */
class ServedApisTest {
    private static final String MESSAGES = "io/millrace/protocol/messages/";
    private static final String AMONG_CONTROLLERS = "controllers ask it among themselves";
    private static final String OF_NODES = "brokers and controllers ask it of the controller that leads";

    /** What no application asks, and who does. */
    private static final Map<ApiKey, String> NOT_FOR_CLIENTS = new EnumMap<>(Map.ofEntries(
            Map.entry(ApiKey.VOTE, AMONG_CONTROLLERS),
            Map.entry(ApiKey.BEGIN_QUORUM_EPOCH, AMONG_CONTROLLERS),
            Map.entry(ApiKey.END_QUORUM_EPOCH, AMONG_CONTROLLERS),
            Map.entry(ApiKey.FETCH_SNAPSHOT, AMONG_CONTROLLERS),
            Map.entry(ApiKey.UPDATE_RAFT_VOTER, AMONG_CONTROLLERS),
            Map.entry(ApiKey.CONTROLLER_REGISTRATION, OF_NODES),
            Map.entry(ApiKey.BROKER_REGISTRATION, OF_NODES),
            Map.entry(ApiKey.BROKER_HEARTBEAT, OF_NODES),
            Map.entry(ApiKey.ALTER_PARTITION, OF_NODES),
            Map.entry(ApiKey.ALLOCATE_PRODUCER_IDS, OF_NODES),
            Map.entry(ApiKey.ASSIGN_REPLICAS_TO_DIRS, OF_NODES),
            Map.entry(ApiKey.ENVELOPE, OF_NODES)));

    /** The classes of the room that this one is of. */
    private static List<ClassModel> room(Class<?> one) {
        try {
            Path place = Path.of(
                    one.getProtectionDomain().getCodeSource().getLocation().toURI());
            if (Files.isDirectory(place)) return below(place);
            try (FileSystem jar = FileSystems.newFileSystem(URI.create("jar:" + place.toUri()), Map.of())) {
                return below(jar.getPath("/"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static List<ClassModel> below(Path root) throws IOException {
        List<ClassModel> classes = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path each :
                    (Iterable<Path>) files.filter(file -> file.toString().endsWith(".class"))::iterator)
                classes.add(ClassFile.of().parse(Files.readAllBytes(each)));
        }
        return classes;
    }

    /** The keys that are named where handlers are put into tables. */
    private static Set<ApiKey> served() {
        String table = ApiTable.class.getName().replace('.', '/');
        Set<ApiKey> served = EnumSet.noneOf(ApiKey.class);
        for (ClassModel each : room(Node.class)) {
            boolean isFilling = false;
            Set<ApiKey> named = EnumSet.noneOf(ApiKey.class);
            for (PoolEntry entry : each.constantPool()) {
                if (!(entry instanceof MemberRefEntry member)) continue;
                String owner = member.owner().asInternalName();
                isFilling |= owner.equals(table) && member.name().stringValue().startsWith("serve");
                if (member instanceof FieldRefEntry && owner.equals("io/millrace/protocol/ApiKey"))
                    named.add(ApiKey.valueOf(member.name().stringValue()));
            }
            if (isFilling) served.addAll(named);
        }
        return served;
    }

    /** The names of requests that the client makes. */
    private static Set<String> made() {
        Set<String> made = new TreeSet<>();
        for (ClassModel each : room(Admin.class)) {
            for (PoolEntry entry : each.constantPool()) {
                if (!(entry instanceof MemberRefEntry member)) continue;
                String owner = member.owner().asInternalName();
                String name = member.name().stringValue();
                boolean isMaking = name.equals("<init>") || name.equals("builder");
                if (isMaking && owner.startsWith(MESSAGES) && owner.endsWith("Request"))
                    made.add(owner.substring(MESSAGES.length()));
            }
        }
        return made;
    }

    private static String request(ApiKey apiKey) {
        StringBuilder name = new StringBuilder();
        for (String word : apiKey.name().split("_", -1))
            name.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
        return name.append("Request").toString();
    }

    @Test
    void whatIsServedIsAskedForByTheClientOrIsNotForClients() {
        Set<ApiKey> served = served();
        Set<String> made = made();
        assertTrue(served.containsAll(Set.of(ApiKey.PRODUCE, ApiKey.VOTE, ApiKey.ELECT_LEADERS)), served::toString);
        assertTrue(made.containsAll(Set.of("ProduceRequest", "ElectLeadersRequest")), made::toString);
        Set<ApiKey> unused = EnumSet.noneOf(ApiKey.class);
        for (ApiKey each : served) if (!made.contains(request(each))) unused.add(each);
        assertEquals(NOT_FOR_CLIENTS.keySet(), unused);
    }
}
