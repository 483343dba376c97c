package io.millrace.connection.run;

import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.DiskFile;
import io.millrace.environment.Lane;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Two ends of a byte stream in memory, which takes and gives as many bytes at a time as a seed says. */
final class Wire {
    static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9092);

    final End server = new End();
    final End client = new End();
    private final SeededRandom random;

    /** Most bytes under way in each direction. */
    int capacityBytes = 200_000;

    Wire(SeededRandom random) {
        this.random = random;
        server.peer = client;
        client.peer = server;
    }

    /** Tells both ends what they can do, until neither can do anything. */
    void settle(VirtualLane lane) {
        boolean progress = true;
        while (progress) {
            progress = lane.runTasks();
            progress |= server.tell();
            progress |= client.tell();
        }
    }

    final class End implements Connection {
        private final ByteQueue arrived = new ByteQueue();
        private @Nullable End peer;
        private @Nullable ConnectionEvents events;
        private boolean readsWanted = true;
        private boolean writesWanted;
        private boolean isEndTold;
        boolean isClosed;
        long transferredBytes;
        int writeCalls;

        void hear(ConnectionEvents who) {
            events = who;
        }

        private End peer() {
            End other = peer;
            if (other == null) throw new IllegalStateException("not joined");
            return other;
        }

        private boolean tell() {
            ConnectionEvents listener = events;
            if (listener == null || isClosed) return false;
            boolean told = false;
            boolean readable = arrived.size() > 0 || (peer().isClosed && !isEndTold);
            if (readsWanted && readable) {
                listener.onReadable();
                told = true;
            }
            if (writesWanted && !isClosed && peer().arrived.size() < capacityBytes) {
                listener.onWritable();
                told = true;
            }
            return told;
        }

        @Override
        public long id() {
            return 1;
        }

        @Override
        public InetSocketAddress localAddress() {
            return ADDRESS;
        }

        @Override
        public InetSocketAddress remoteAddress() {
            return ADDRESS;
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            requireOpen();
            if (arrived.size() == 0) {
                if (!peer().isClosed) return 0;
                isEndTold = true;
                return -1;
            }
            int most = Math.min(into.remaining(), arrived.size());
            int count = random.chance(0.5) ? most : 1 + random.nextInt(most);
            into.put(arrived.take(count));
            return count;
        }

        @Override
        public long write(ByteBuffer[] from, int offset, int length) throws IOException {
            requireOpen();
            writeCalls++;
            int room = Math.max(0, capacityBytes - peer().arrived.size());
            if (room > 0 && random.chance(0.3)) room = 1 + random.nextInt(room);
            long taken = 0;
            for (int i = offset; i < offset + length && room > 0; i++) {
                byte[] bytes = new byte[Math.min(room, from[i].remaining())];
                from[i].get(bytes);
                if (!peer().isClosed) peer().arrived.add(bytes);
                taken += bytes.length;
                room -= bytes.length;
            }
            return taken;
        }

        @Override
        public long transferFrom(DiskFile file, long position, long byteCount) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(byteCount, 1_000_000));
            file.read(position, bytes);
            long taken = write(new ByteBuffer[] {bytes.flip()}, 0, 1);
            transferredBytes += taken;
            return taken;
        }

        @Override
        public void wantReads(boolean wanted) {
            readsWanted = wanted;
        }

        boolean wantsReads() {
            return readsWanted;
        }

        @Override
        public void wantWrites(boolean wanted) {
            writesWanted = wanted;
        }

        @Override
        public void moveTo(Lane to, Runnable arrived) {
            ConnectionEvents listener = events;
            events = null;
            to.execute(() -> {
                events = listener;
                arrived.run();
            });
        }

        @Override
        public void close() {
            isClosed = true;
        }

        /** Sends bytes as a peer without a conversation would. */
        void send(ByteBuffer bytes) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            peer().arrived.add(copy);
        }

        /** Takes all that has arrived. */
        ByteBuffer receive() {
            return ByteBuffer.wrap(arrived.take(arrived.size()));
        }

        int arrivedBytes() {
            return arrived.size();
        }

        private void requireOpen() throws IOException {
            if (isClosed) throw new IOException("closed here");
        }
    }

    /** Bytes in order. */
    private static final class ByteQueue {
        private byte[] bytes = new byte[1024];
        private int from;
        private int until;

        int size() {
            return until - from;
        }

        void add(byte[] more) {
            if (until + more.length > bytes.length) {
                byte[] larger = new byte[Math.max(2 * size(), size() + more.length)];
                System.arraycopy(bytes, from, larger, 0, size());
                until -= from;
                from = 0;
                bytes = larger;
            }
            System.arraycopy(more, 0, bytes, until, more.length);
            until += more.length;
        }

        byte[] take(int count) {
            byte[] taken = java.util.Arrays.copyOfRange(bytes, from, from + count);
            from += count;
            return taken;
        }
    }
}
