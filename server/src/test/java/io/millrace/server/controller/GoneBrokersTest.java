package io.millrace.server.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.Lane;
import io.millrace.environment.Transport;
import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ClusterImage;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.MetadataProvenance;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.BrokerHeartbeatRequest;
import io.millrace.protocol.messages.BrokerHeartbeatResponse;
import io.millrace.protocol.messages.RegisterBrokerRecord;
import io.millrace.server.fixture.ManualLane;
import io.millrace.server.fixture.ManualTime;
import io.millrace.server.network.Exchange;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class GoneBrokersTest {
    private static final int SELF = 1;
    private static final int BROKER = 2;

    private final ManualTime time = new ManualTime();
    private final ManualLane lane = time.lane("metadata");
    private final Set<Integer> refusing = new HashSet<>();
    private final Set<Integer> silent = new HashSet<>();
    private final List<GoneBrokers.Fencing> fenced = new ArrayList<>();
    private final List<Runnable> lines = new ArrayList<>();
    private ClusterImage cluster = brokers(7, 9092, 9093);
    private final GoneBrokers gone = new GoneBrokers(() -> cluster, fenced::add, new Addresses(), lane, time, SELF);

    @Test
    void aBrokerWhoseLineBreaksAndWhoseAddressesAllRefuseIsFencedAtOnce() {
        leadAndHear();
        refusing.addAll(Set.of(9092, 9093));
        breakLine();
        time.advance(5);
        assertEquals(List.of(new GoneBrokers.Fencing(BROKER, 7)), fenced);
    }

    @Test
    void aProcessThatClosesItsListenersAfterItsLinesIsFoundToo() {
        leadAndHear();
        refusing.add(9092);
        breakLine();
        time.advance(100);
        assertEquals(List.of(), fenced);
        refusing.add(9093);
        time.advance(400);
        assertEquals(List.of(new GoneBrokers.Fencing(BROKER, 7)), fenced);
    }

    @Test
    void oneThatListensAnywhereOrDoesNotAnswerKeepsItsSession() {
        leadAndHear();
        refusing.add(9092);
        breakLine();
        time.advance(60_000);
        silent.addAll(Set.of(9092, 9093));
        refusing.clear();
        breakLine();
        time.advance(60_000);
        assertEquals(List.of(), fenced);
    }

    @Test
    void oneThatIsHeardOfAgainIsNotLookedForAnyMore() {
        leadAndHear();
        breakLine();
        time.advance(15);
        hear();
        refusing.addAll(Set.of(9092, 9093));
        time.advance(60_000);
        assertEquals(List.of(), fenced);
    }

    @Test
    void heartbeatsOfAnotherLifeAreNotItsHeartbeats() {
        leadAndHear();
        breakLine();
        time.advance(15);
        var stale = BrokerHeartbeatRequest.builder().brokerId(BROKER).brokerEpoch(6);
        gone.heartbeatBy(stale.build(), line(then -> {}));
        time.run();
        refusing.addAll(Set.of(9092, 9093));
        time.advance(100);
        assertEquals(List.of(new GoneBrokers.Fencing(BROKER, 7)), fenced);
    }

    @Test
    void addressesThatRefusedWhileItsBrokerLivedSayNothingAfterwards() {
        leadAndHear();
        refusing.addAll(Set.of(9092, 9093));
        breakLine();
        time.advance(5);
        assertEquals(1, fenced.size());
        // It wakes again in the same life, as it was there all the time.
        hear();
        time.advance(5);
        breakLine();
        time.advance(60_000);
        assertEquals(1, fenced.size());
        // In its next life it is judged anew.
        cluster = brokers(8, 9092, 9093);
        hear();
        time.advance(5);
        breakLine();
        time.advance(5);
        assertEquals(new GoneBrokers.Fencing(BROKER, 8), fenced.getLast());
    }

    @Test
    void aNewControllerLooksForThoseItHasNotHeardOf() {
        refusing.addAll(Set.of(9092, 9093));
        lane.as(gone::begin);
        time.advance(50);
        assertEquals(List.of(), fenced);
        time.advance(60);
        assertEquals(List.of(new GoneBrokers.Fencing(BROKER, 7)), fenced);
    }

    @Test
    void whoDoesNotLeadFencesNobody() {
        leadAndHear();
        refusing.addAll(Set.of(9092, 9093));
        lane.as(gone::end);
        breakLine();
        time.advance(60_000);
        assertEquals(List.of(), fenced);
    }

    private void leadAndHear() {
        lane.as(gone::begin);
        hear();
        time.advance(5);
    }

    private void hear() {
        BrokerImage broker = cluster.broker(BROKER);
        assertNotNull(broker);
        var request = BrokerHeartbeatRequest.builder().brokerId(BROKER).brokerEpoch(broker.epoch());
        lines.clear();
        time.advance(1);
        gone.heartbeatBy(request.build(), line(lines::add));
        time.run();
    }

    private void breakLine() {
        assertEquals(1, lines.size());
        lines.getFirst().run();
    }

    /** An exchange of which only the connection's end is of interest. */
    @SuppressWarnings("unchecked")
    private static Exchange<BrokerHeartbeatResponse> line(Consumer<Runnable> whenClosed) {
        return (Exchange<BrokerHeartbeatResponse>) Proxy.newProxyInstance(
                Exchange.class.getClassLoader(), new Class<?>[] {Exchange.class}, (proxy, method, arguments) -> {
                    if (!method.getName().equals("whenClosed")) throw new AssertionError(method);
                    whenClosed.accept((Runnable) arguments[0]);
                    return null;
                });
    }

    private static ClusterImage brokers(long epoch, int... ports) {
        List<VersionedRecord> records = new ArrayList<>();
        for (int id : new int[] {SELF, BROKER}) {
            List<RegisterBrokerRecord.BrokerEndpoint> endpoints = new ArrayList<>();
            for (int port : ports)
                endpoints.add(RegisterBrokerRecord.BrokerEndpoint.builder()
                        .name("L" + port)
                        .host("broker")
                        .port(port)
                        .build());
            records.add(new VersionedRecord(
                    RegisterBrokerRecord.builder()
                            .brokerId(id)
                            .brokerEpoch(epoch)
                            .incarnationId(new Uuid(1, epoch))
                            .endPoints(endpoints)
                            .fenced(false)
                            .build(),
                    1));
        }
        return MetadataImage.EMPTY
                .apply(records, new MetadataProvenance(epoch, 1))
                .cluster();
    }

    /** Connects unless an address refuses or says nothing. */
    private final class Addresses implements Transport {
        @Override
        public Listening listen(InetSocketAddress address, List<? extends Lane> lanes, Acceptor acceptor) {
            throw new UnsupportedOperationException();
        }

        @Override
        @SuppressWarnings("ReferenceEquality")
        public Connection connect(InetSocketAddress address, Lane on, ConnectionEvents events) {
            var isClosed = new boolean[1];
            on.schedule(1, () -> {
                if (isClosed[0] || silent.contains(address.getPort())) return;
                if (refusing.contains(address.getPort())) events.onClosed(new ConnectException("refused"));
                else events.onConnected();
            });
            return (Connection) Proxy.newProxyInstance(
                    Connection.class.getClassLoader(),
                    new Class<?>[] {Connection.class},
                    (proxy, method, arguments) -> {
                        if (method.getName().equals("hashCode")) return System.identityHashCode(proxy);
                        if (method.getName().equals("equals")) return proxy == arguments[0];
                        if (!method.getName().equals("close")) throw new IOException("unexpected " + method);
                        isClosed[0] = true;
                        return null;
                    });
        }
    }
}
