import java.io.*;
import java.net.*;
import java.nio.*;
import java.nio.channels.*;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32C;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.*;

/**
 * Load driver for any broker that speaks the Kafka protocol. One command per run, options as key=value.
 * "raw*" commands speak the protocol over plain sockets with record batches built once, so that the client
 * costs almost nothing and the broker is what is measured; the rest use Apache Kafka's own client.
 * Prints "PHASE begin" / "PHASE end" around the measured part and one "RESULT {json}" line.
 */
public class Driver {
    static final Map<String, String> opt = new HashMap<>();
    static final Map<String, Object> out = new LinkedHashMap<>();
    static String host;
    static int port;

    static String s(String k, String d) {
        return opt.getOrDefault(k, d);
    }

    static int i(String k, int d) {
        return Integer.parseInt(s(k, "" + d));
    }

    static double d(String k, double v) {
        return Double.parseDouble(s(k, "" + v));
    }

    static void phase(String p) {
        System.out.println("PHASE " + p);
        System.out.flush();
    }

    public static void main(String[] a) throws Exception {
        for (int k = 1; k < a.length; k++) {
            int e = a[k].indexOf('=');
            opt.put(a[k].substring(0, e), a[k].substring(e + 1));
        }
        String b = opt.get("bootstrap").split(",")[0]; // raw commands speak with the first one only
        host = b.substring(0, b.lastIndexOf(':'));
        port = Integer.parseInt(b.substring(b.lastIndexOf(':') + 1));
        switch (a[0]) {
            case "create" -> create(true);
            case "rawproduce" -> rawProduce();
            case "rawfetch" -> rawFetch();
            case "latency" -> latency();
            case "e2e" -> e2e();
            case "spray" -> spray();
            case "conns" -> conns();
            case "group" -> group();
            case "fill" -> fill();
            case "compact" -> compact();
            case "txn" -> txn();
            case "lead" -> lead();
            case "control" -> control();
            case "insync" -> insync();
            default -> throw new IllegalArgumentException(a[0]);
        }
        StringBuilder sb = new StringBuilder("RESULT {");
        out.forEach((k, v) -> sb.append(sb.charAt(sb.length() - 1) == '{' ? "" : ",")
                .append('"')
                .append(k)
                .append("\":")
                .append(v instanceof Double x ? String.format(Locale.ROOT, "%.4f", x) : String.valueOf(v)));
        System.out.println(sb.append("}"));
        System.out.flush();
        System.exit(0);
    }

    static void hist(String prefix, Histogram h) { // microseconds in, milliseconds out
        out.put(prefix + "p50_ms", h.getValueAtPercentile(50) / 1000.0);
        out.put(prefix + "p95_ms", h.getValueAtPercentile(95) / 1000.0);
        out.put(prefix + "p99_ms", h.getValueAtPercentile(99) / 1000.0);
        out.put(prefix + "p99_9_ms", h.getValueAtPercentile(99.9) / 1000.0);
        out.put(prefix + "max_ms", h.getMaxValue() / 1000.0);
    }

    static Histogram newHist() {
        return new Histogram(60_000_000L, 3);
    }

    static void rec(Histogram h, long nanos) {
        synchronized (h) {
            h.recordValue(Math.min(59_000_000L, Math.max(0, nanos / 1000)));
        }
    }

    // ---------- admin ----------
    static Properties base() {
        Properties p = new Properties();
        p.put("bootstrap.servers", opt.get("bootstrap"));
        return p;
    }

    static void create(boolean report) throws Exception {
        int topics = i("topics", 1), parts = i("parts", 1), chunk = i("chunk", 50);
        String name = s("topic", "t");
        long t0 = System.nanoTime();
        try (Admin ad = Admin.create(base())) {
            ad.describeCluster().nodes().get();
            if (report) phase("begin");
            t0 = System.nanoTime();
            for (int k = 0; k < topics; k += chunk) {
                List<NewTopic> l = new ArrayList<>();
                for (int j = k; j < Math.min(topics, k + chunk); j++)
                    l.add(new NewTopic(topics == 1 ? name : name + "-" + j, parts, (short) i("rf", 1)));
                ad.createTopics(l).all().get(120, TimeUnit.SECONDS);
            }
            out.put("create_s", (System.nanoTime() - t0) / 1e9);
            // usable: the broker answers ListOffsets as leader for every partition
            Map<TopicPartition, OffsetSpec> q = new HashMap<>();
            for (int j = 0; j < topics; j++)
                for (int k = 0; k < parts; k++)
                    q.put(new TopicPartition(topics == 1 ? name : name + "-" + j, k), OffsetSpec.latest());
            while (true) {
                try {
                    ad.listOffsets(q, new ListOffsetsOptions().timeoutMs(120_000))
                            .all()
                            .get(130, TimeUnit.SECONDS);
                    break;
                } catch (ExecutionException e) {
                    if (System.nanoTime() - t0 > 180e9) throw e;
                    Thread.sleep(10);
                }
            }
            out.put("create_usable_s", (System.nanoTime() - t0) / 1e9);
            out.put("partitions", topics * parts);
            if (report) phase("end");
        }
    }

    // ---------- raw protocol ----------
    static SocketChannel dial() throws IOException {
        SocketChannel c = SocketChannel.open();
        c.socket().setTcpNoDelay(true);
        c.connect(new InetSocketAddress(host, port));
        return c;
    }

    static void uvar(ByteBuffer b, int v) {
        while ((v & ~0x7f) != 0) {
            b.put((byte) (v & 0x7f | 0x80));
            v >>>= 7;
        }
        b.put((byte) v);
    }

    static void svar(ByteBuffer b, int v) {
        uvar(b, (v << 1) ^ (v >> 31));
    }

    static int ruvar(ByteBuffer b) {
        int r = 0, sh = 0;
        while (true) {
            byte x = b.get();
            r |= (x & 0x7f) << sh;
            if (x >= 0) return r;
            sh += 7;
        }
    }

    static void cstr(ByteBuffer b, String x) {
        byte[] y = x.getBytes(StandardCharsets.UTF_8);
        uvar(b, y.length + 1);
        b.put(y);
    }

    static void header(ByteBuffer b, int api, int ver, int corr) {
        b.putShort((short) api)
                .putShort((short) ver)
                .putInt(corr)
                .putShort((short) 5)
                .put("bench".getBytes())
                .put((byte) 0);
    }

    static byte[] batch(int records, int size, long seed) {
        ByteBuffer b = ByteBuffer.allocate(records * (size + 24) + 128);
        b.putLong(0).putInt(0).putInt(-1).put((byte) 2).putInt(0);
        int crcFrom = b.position();
        long now = System.currentTimeMillis();
        b.putShort((short) 0)
                .putInt(records - 1)
                .putLong(now)
                .putLong(now)
                .putLong(-1)
                .putShort((short) -1)
                .putInt(-1)
                .putInt(records);
        Random r = new Random(seed);
        byte[] v = new byte[size];
        ByteBuffer rec = ByteBuffer.allocate(size + 64);
        for (int k = 0; k < records; k++) {
            for (int j = 0; j < size; j++) v[j] = (byte) ('A' + r.nextInt(26));
            rec.clear();
            rec.put((byte) 0);
            svar(rec, 0);
            svar(rec, k);
            svar(rec, -1);
            svar(rec, size);
            rec.put(v);
            svar(rec, 0);
            rec.flip();
            svar(b, rec.remaining());
            b.put(rec);
        }
        int end = b.position();
        b.putInt(8, end - 12);
        CRC32C c = new CRC32C();
        c.update(b.array(), crcFrom, end - crcFrom);
        b.putInt(crcFrom - 4, (int) c.getValue());
        return Arrays.copyOf(b.array(), end);
    }

    static ByteBuffer produceReq(String topic, int part, byte[] batch) { // Produce v9
        ByteBuffer b = ByteBuffer.allocateDirect(batch.length + 256);
        b.putInt(0);
        header(b, 0, 9, 0);
        b.put((byte) 0).putShort((short) -1).putInt(30000);
        uvar(b, 2);
        cstr(b, topic);
        uvar(b, 2);
        b.putInt(part);
        uvar(b, batch.length + 1);
        b.put(batch);
        b.put((byte) 0).put((byte) 0).put((byte) 0);
        b.putInt(0, b.position() - 4);
        b.flip();
        return b;
    }

    static void writeFully(SocketChannel c, ByteBuffer b) throws IOException {
        while (b.hasRemaining()) c.write(b);
    }

    static ByteBuffer readFrame(SocketChannel c, ByteBuffer buf) throws IOException {
        buf.clear().limit(4);
        while (buf.hasRemaining()) if (c.read(buf) < 0) throw new EOFException();
        int n = buf.getInt(0);
        if (n > buf.capacity()) throw new IOException("frame of " + n);
        buf.clear().limit(n);
        while (buf.hasRemaining()) if (c.read(buf) < 0) throw new EOFException();
        buf.flip();
        return buf;
    }

    static void checkProduce(ByteBuffer r) {
        r.getInt();
        r.get();
        ruvar(r);
        int n = ruvar(r) - 1;
        r.position(r.position() + n);
        ruvar(r);
        r.getInt();
        short e = r.getShort();
        if ((e == 3 || e == 5 || e == 6) && System.nanoTime() - born < 20_000_000_000L) {
            retriable.incrementAndGet();
            return;
        } // topic just created: not led yet
        if (e != 0) throw new IllegalStateException("produce error " + e);
    }

    static final long born = System.nanoTime();
    static final AtomicLong retriable = new AtomicLong();

    static void rawProduce() throws Exception {
        int conns = i("conns", 4),
                depth = i("depth", 5),
                recs = i("records", 64),
                size = i("size", 1000),
                parts = i("parts", 4);
        double warm = d("warm", 3), secs = d("secs", 10), rate = d("rate", 0);
        String topic = s("topic", "raw");
        long maxBytes = (long) d("maxbytes", 1e15);
        AtomicLong reqs = new AtomicLong();
        AtomicBoolean stop = new AtomicBoolean();
        AtomicBoolean measuring = new AtomicBoolean();
        Histogram h = newHist();
        List<Thread> ts = new ArrayList<>();
        AtomicReference<Throwable> err = new AtomicReference<>();
        for (int k = 0; k < conns; k++) {
            int part = k % parts;
            byte[] bt = batch(recs, size, k);
            Thread t = new Thread(() -> {
                try (SocketChannel c = dial()) {
                    ByteBuffer req = produceReq(topic, part, bt), buf = ByteBuffer.allocateDirect(65536);
                    ArrayDeque<Long> sent = new ArrayDeque<>();
                    int corr = 0;
                    long gap = rate > 0 ? (long) (1e9 * conns / rate) : 0, next = System.nanoTime();
                    while (!stop.get()) {
                        if (gap > 0) {
                            long now;
                            while ((now = System.nanoTime()) < next) LockSupport.parkNanos(next - now);
                            next += gap;
                            if (now - next > 100_000_000L) next = now;
                        }
                        while (sent.size() < depth) {
                            req.putInt(8, ++corr);
                            req.rewind();
                            sent.add(System.nanoTime());
                            writeFully(c, req);
                        }
                        checkProduce(readFrame(c, buf));
                        long dt = System.nanoTime() - sent.poll();
                        reqs.incrementAndGet();
                        if (measuring.get()) rec(h, dt);
                    }
                    while (!sent.isEmpty()) {
                        readFrame(c, buf);
                        sent.poll();
                        reqs.incrementAndGet();
                    }
                } catch (Throwable e) {
                    err.compareAndSet(null, e);
                }
            });
            t.start();
            ts.add(t);
        }
        Thread.sleep((long) (warm * 1000));
        long wr = (long) d("warmreqs", 0),
                wt = System.nanoTime(); // on a loaded machine: warmed up by work, not by time alone
        while (reqs.get() < wr && System.nanoTime() - wt < d("warmmax", 40) * 1e9 && err.get() == null)
            Thread.sleep(20);
        phase("begin");
        measuring.set(true);
        long r0 = reqs.get(), t0 = System.nanoTime();
        while (System.nanoTime() - t0 < secs * 1e9
                && (reqs.get() - r0) * (long) recs * size < maxBytes
                && err.get() == null) Thread.sleep(20);
        long r1 = reqs.get(), t1 = System.nanoTime();
        measuring.set(false);
        phase("end");
        stop.set(true);
        for (Thread t : ts) t.join(10_000);
        if (err.get() != null) throw new Exception(err.get());
        double el = (t1 - t0) / 1e9;
        long n = r1 - r0;
        out.put("secs", el);
        out.put("requests", n);
        out.put("req_s", n / el);
        out.put("msg_s", n * (double) recs / el);
        out.put("mb_s", n * (double) recs * size / el / 1e6);
        out.put("payload_bytes", n * (long) recs * size);
        out.put("total_requests", reqs.get());
        out.put("total_records", reqs.get() * recs);
        hist("", h);
    }

    static ByteBuffer fetchReq(ByteBuffer b, String topic, int part, long off, int corr, int max) { // Fetch v12
        b.clear();
        b.putInt(0);
        header(b, 1, 12, corr);
        b.putInt(-1).putInt(500).putInt(1).putInt(max).put((byte) 0).putInt(0).putInt(-1);
        uvar(b, 2);
        cstr(b, topic);
        uvar(b, 2);
        b.putInt(part)
                .putInt(-1)
                .putLong(off)
                .putInt(-1)
                .putLong(-1)
                .putInt(max)
                .put((byte) 0);
        b.put((byte) 0);
        uvar(b, 1);
        uvar(b, 1);
        b.put((byte) 0);
        b.putInt(0, b.position() - 4);
        b.flip();
        return b;
    }

    static void rawFetch() throws Exception {
        int conns = i("conns", 1), parts = i("parts", 1), max = i("max", 1 << 20);
        double warm = d("warm", 2), secs = d("secs", 8);
        String topic = s("topic", "raw");
        AtomicLong bytes = new AtomicLong(), recs = new AtomicLong(), reqs = new AtomicLong();
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<Throwable> err = new AtomicReference<>();
        List<Thread> ts = new ArrayList<>();
        for (int k = 0; k < conns; k++) {
            int part = k % parts;
            Thread t = new Thread(() -> {
                try (SocketChannel c = dial()) {
                    ByteBuffer req = ByteBuffer.allocateDirect(512), buf = ByteBuffer.allocateDirect(max + (4 << 20));
                    long off = 0;
                    int corr = 0;
                    while (!stop.get()) {
                        writeFully(c, fetchReq(req, topic, part, off, ++corr, max));
                        ByteBuffer r = readFrame(c, buf);
                        r.getInt();
                        r.get();
                        r.getInt();
                        short e0 = r.getShort();
                        if (e0 != 0) throw new IOException("fetch error " + e0);
                        r.getInt();
                        ruvar(r);
                        int n = ruvar(r) - 1;
                        r.position(r.position() + n);
                        ruvar(r);
                        r.getInt();
                        short e = r.getShort();
                        if (e != 0) throw new IOException("fetch error " + e);
                        r.getLong();
                        r.getLong();
                        r.getLong();
                        int ab = ruvar(r) - 1;
                        for (int q = 0; q < ab; q++) {
                            r.getLong();
                            r.getLong();
                            r.get();
                        }
                        r.getInt();
                        int len = ruvar(r) - 1;
                        int end = r.position() + Math.max(0, len), p = r.position();
                        long before = off;
                        while (p + 61 <= end) {
                            int bl = r.getInt(p + 8);
                            if (p + 12 + bl > end) break;
                            long bo = r.getLong(p);
                            int last = r.getInt(p + 23);
                            long nx = bo + last + 1;
                            if (nx > off) {
                                recs.addAndGet(nx - Math.max(off, bo));
                                off = nx;
                            }
                            p += 12 + bl;
                        }
                        bytes.addAndGet(Math.max(0, p - (end - Math.max(0, len))));
                        reqs.incrementAndGet();
                        if (off == before) off = 0; // end of log: again from the start
                    }
                } catch (Throwable x) {
                    err.compareAndSet(null, x);
                }
            });
            t.start();
            ts.add(t);
        }
        Thread.sleep((long) (warm * 1000));
        long wr = (long) d("warmreqs", 0), wt = System.nanoTime();
        while (reqs.get() < wr && System.nanoTime() - wt < d("warmmax", 40) * 1e9 && err.get() == null)
            Thread.sleep(20);
        phase("begin");
        long b0 = bytes.get(), n0 = recs.get(), q0 = reqs.get(), t0 = System.nanoTime();
        Thread.sleep((long) (secs * 1000));
        long b1 = bytes.get(), n1 = recs.get(), q1 = reqs.get(), t1 = System.nanoTime();
        phase("end");
        stop.set(true);
        for (Thread t : ts) t.join(10_000);
        if (err.get() != null) throw new Exception(err.get());
        double el = (t1 - t0) / 1e9;
        out.put("secs", el);
        out.put("mb_s", (b1 - b0) / el / 1e6);
        out.put("msg_s", (n1 - n0) / el);
        out.put("req_s", (q1 - q0) / el);
        out.put("total_requests", reqs.get());
        out.put("total_records", recs.get());
        out.put("payload_bytes", b1 - b0);
    }

    // ---------- Apache Kafka's client ----------
    static Properties producerProps() {
        Properties p = base();
        p.put("key.serializer", ByteArraySerializer.class.getName());
        p.put("value.serializer", ByteArraySerializer.class.getName());
        p.put("acks", "all");
        p.put("linger.ms", s("linger", "0"));
        p.put("batch.size", s("batch", "16384"));
        if (opt.containsKey("compression")) p.put("compression.type", opt.get("compression"));
        return p;
    }

    static byte[] payload(int size) {
        byte[] v = new byte[size];
        Random r = new Random(1);
        for (int k = 0; k < size; k++) v[k] = (byte) ('A' + r.nextInt(26));
        return v;
    }

    /** Open loop at a fixed rate: send() to callback. */
    static void latency() throws Exception {
        double rate = d("rate", 2000), warm = d("warm", 4), secs = d("secs", 12);
        int size = i("size", 100);
        String topic = s("topic", "lat");
        Histogram h = newHist();
        AtomicLong errs = new AtomicLong(), done = new AtomicLong();
        try (KafkaProducer<byte[], byte[]> p = new KafkaProducer<>(producerProps())) {
            byte[] v = payload(size);
            long gap = (long) (1e9 / rate),
                    t0 = System.nanoTime(),
                    next = t0,
                    from = t0 + (long) (warm * 1e9),
                    end = from + (long) (secs * 1e9);
            boolean on = false;
            long late = 0, n = 0;
            while (next < end) {
                long now;
                while ((now = System.nanoTime()) < next) LockSupport.parkNanos(next - now);
                boolean m = next >= from;
                if (m && !on) {
                    on = true;
                    phase("begin");
                }
                if (m) {
                    n++;
                    if (now - next > 1_000_000) late++;
                }
                long st = System.nanoTime();
                p.send(new ProducerRecord<>(topic, v), (md, e) -> {
                    if (e != null) errs.incrementAndGet();
                    else if (m) {
                        rec(h, System.nanoTime() - st);
                        done.incrementAndGet();
                    }
                });
                next += gap;
            }
            p.flush();
            phase("end");
            out.put("sent", n);
            out.put("late_sends", late);
            out.put("errors", errs.get());
            out.put("msg_s", done.get() / secs);
            out.put("payload_bytes", done.get() * size);
            hist("", h);
        }
    }

    /** Open loop at a fixed rate: send() to the record's arrival at a consumer in the same process. */
    static void e2e() throws Exception {
        double rate = d("rate", 1000), warm = d("warm", 4), secs = d("secs", 12);
        int size = i("size", 100);
        String topic = s("topic", "e2e");
        Histogram h = newHist();
        AtomicBoolean stop = new AtomicBoolean(), ready = new AtomicBoolean(), measuring = new AtomicBoolean();
        AtomicLong got = new AtomicLong();
        Properties cp = base();
        cp.put("key.deserializer", ByteArrayDeserializer.class.getName());
        cp.put("value.deserializer", ByteArrayDeserializer.class.getName());
        Thread c = new Thread(() -> {
            try (KafkaConsumer<byte[], byte[]> k = new KafkaConsumer<>(cp)) {
                TopicPartition tp = new TopicPartition(topic, 0);
                k.assign(List.of(tp));
                k.seekToEnd(List.of(tp));
                k.position(tp);
                ready.set(true);
                while (!stop.get())
                    for (ConsumerRecord<byte[], byte[]> r : k.poll(Duration.ofMillis(100))) {
                        long now = System.nanoTime(),
                                st = ByteBuffer.wrap(r.value()).getLong();
                        if (measuring.get()) {
                            rec(h, now - st);
                            got.incrementAndGet();
                        }
                    }
            }
        });
        c.start();
        while (!ready.get()) Thread.sleep(5);
        try (KafkaProducer<byte[], byte[]> p = new KafkaProducer<>(producerProps())) {
            byte[] v = payload(size);
            long gap = (long) (1e9 / rate),
                    t0 = System.nanoTime(),
                    next = t0,
                    from = t0 + (long) (warm * 1e9),
                    end = from + (long) (secs * 1e9);
            boolean on = false;
            while (next < end) {
                long now;
                while ((now = System.nanoTime()) < next) LockSupport.parkNanos(next - now);
                if (next >= from && !on) {
                    on = true;
                    phase("begin");
                    measuring.set(true);
                }
                byte[] w = v.clone();
                ByteBuffer.wrap(w).putLong(System.nanoTime());
                p.send(new ProducerRecord<>(topic, 0, null, w));
                next += gap;
            }
            p.flush();
            Thread.sleep(50);
            phase("end");
        }
        stop.set(true);
        c.join(5000);
        out.put("msg_s", got.get() / secs);
        out.put("payload_bytes", got.get() * size);
        hist("", h);
    }

    /** Produce over many partitions of many topics. */
    static void spray() throws Exception {
        int topics = i("topics", 10), parts = i("parts", 50), size = i("size", 100);
        double warm = d("warm", 4), secs = d("secs", 10);
        String name = s("topic", "t");
        AtomicLong done = new AtomicLong(), errs = new AtomicLong();
        Histogram h = newHist();
        Properties pp = producerProps();
        pp.put("buffer.memory", s("buffer", "134217728"));
        pp.put("max.block.ms", "60000");
        try (KafkaProducer<byte[], byte[]> p = new KafkaProducer<>(pp)) {
            byte[] v = payload(size);
            Random r = new Random(7);
            AtomicBoolean m = new AtomicBoolean();
            long n0 = 0, t0 = System.nanoTime(), b = 0, e;
            boolean on = false;
            String[] names = new String[topics];
            for (int k = 0; k < topics; k++) names[k] = topics == 1 ? name : name + "-" + k;
            for (String x : names) p.partitionsFor(x);
            t0 = System.nanoTime();
            while (true) {
                long now = System.nanoTime();
                if (!on && now - t0 > warm * 1e9) {
                    on = true;
                    phase("begin");
                    m.set(true);
                    n0 = done.get();
                    b = now;
                }
                if (on && now - b > secs * 1e9) break;
                for (int q = 0; q < 64; q++) {
                    long st = System.nanoTime();
                    boolean mm = m.get();
                    p.send(new ProducerRecord<>(names[r.nextInt(topics)], r.nextInt(parts), null, v), (md, ex) -> {
                        if (ex != null) errs.incrementAndGet();
                        else {
                            done.incrementAndGet();
                            if (mm) rec(h, System.nanoTime() - st);
                        }
                    });
                }
            }
            e = System.nanoTime();
            long n1 = done.get();
            phase("end");
            double el = (e - b) / 1e9;
            out.put("msg_s", (n1 - n0) / el);
            out.put("mb_s", (n1 - n0) * (double) size / el / 1e6);
            out.put("payload_bytes", (n1 - n0) * size);
            out.put("errors", errs.get());
            hist("", h);
        }
    }

    // ---------- clusters ----------
    /**
     * Records to all partitions in turn, while a node is killed that leads some of them and is not the active controller. "PHASE kill ID" asks
     * whoever started this to do so. Unavailable: the longest time in which one partition that it led acknowledged nothing.
     */
    static void lead() throws Exception {
        int parts = i("parts", 300), size = i("size", 100);
        double rate = d("rate", 3000), warm = d("warm", 4), after = d("secs", 25);
        String topic = s("topic", "lead");
        int victim;
        Set<Integer> led = new HashSet<>();
        try (Admin ad = Admin.create(base())) {
            int active = ad.describeMetadataQuorum().quorumInfo().get().leaderId();
            victim = ad.describeCluster().nodes().get().stream()
                    .mapToInt(n -> n.id())
                    .filter(n -> n != active)
                    .min()
                    .getAsInt();
            ad.describeTopics(List.of(topic))
                    .allTopicNames()
                    .get()
                    .get(topic)
                    .partitions()
                    .forEach(p -> {
                        if (p.leader().id() == victim) led.add(p.partition());
                    });
        }
        AtomicLongArray last = new AtomicLongArray(parts), longest = new AtomicLongArray(parts);
        AtomicLong errs = new AtomicLong(), done = new AtomicLong();
        Properties pp = producerProps();
        pp.put("delivery.timeout.ms", "120000");
        try (KafkaProducer<byte[], byte[]> p = new KafkaProducer<>(pp)) {
            byte[] v = payload(size);
            long gap = (long) (1e9 / rate), t0 = System.nanoTime(), next = t0;
            boolean killed = false;
            for (int n = 0; next < t0 + (warm + after) * 1e9; n++) {
                long now;
                while ((now = System.nanoTime()) < next) LockSupport.parkNanos(next - now);
                if (!killed && now > t0 + warm * 1e9) {
                    killed = true;
                    for (int k = 0; k < parts; k++) longest.set(k, 0);
                    phase("kill " + victim);
                }
                int part = n % parts;
                p.send(new ProducerRecord<>(topic, part, null, v), (md, e) -> {
                    long at = System.nanoTime(), before = last.getAndSet(part, at);
                    if (before != 0) longest.accumulateAndGet(part, at - before, Math::max);
                    if (e != null) errs.incrementAndGet();
                    else done.incrementAndGet();
                });
                next += gap;
            }
            p.flush();
        }
        out.put("led", led.size());
        out.put("acknowledged", done.get());
        out.put("errors", errs.get());
        out.put("unavailable_s", led.stream().mapToLong(longest::get).max().orElse(0) / 1e9);
        out.put("others_unavailable_s", java.util.stream.IntStream.range(0, parts)
                        .filter(k -> !led.contains(k))
                        .mapToLong(longest::get)
                        .max()
                        .orElse(0)
                / 1e9);
    }

    /** Topics are made one after the other while the active controller is killed: the longest time from one to the next. */
    static void control() throws Exception {
        double secs = d("secs", 25);
        long longest = 0, last = System.nanoTime(), killedAt = 0;
        int made = 0;
        Properties q = base();
        q.put("request.timeout.ms", "5000");
        try (Admin ad = Admin.create(q)) {
            int active = ad.describeMetadataQuorum().quorumInfo().get().leaderId();
            for (int k = 0; killedAt == 0 || System.nanoTime() - killedAt < secs * 1e9; k++) {
                if (made == 20 && killedAt == 0) {
                    killedAt = System.nanoTime();
                    longest = 0;
                    phase("kill " + active);
                }
                try {
                    ad.createTopics(
                                    List.of(new NewTopic("control-" + k, 1, (short) 1)),
                                    new CreateTopicsOptions().timeoutMs(2000))
                            .all()
                            .get();
                    long now = System.nanoTime();
                    longest = Math.max(longest, now - last);
                    last = now;
                    made++;
                } catch (ExecutionException again) {
                    Thread.sleep(5);
                }
            }
        }
        out.put("topics", made);
        out.put("unavailable_s", longest / 1e9);
    }

    /** Seconds until all replicas of all topics named topic or topic-* are in sync. */
    static void insync() throws Exception {
        String name = s("topic", "m");
        int rf = i("rf", 3);
        long t0 = System.nanoTime();
        try (Admin ad = Admin.create(base())) {
            List<String> names = ad.listTopics().names().get().stream()
                    .filter(n -> n.equals(name) || n.startsWith(name + "-"))
                    .toList();
            long left = Long.MAX_VALUE;
            while (left > 0) {
                if (System.nanoTime() - t0 > d("within", 240) * 1e9)
                    throw new IllegalStateException(left + " partitions lack replicas in sync");
                left = 0;
                for (int k = 0; k < names.size() && left == 0; k += 100)
                    left = ad.describeTopics(names.subList(k, Math.min(names.size(), k + 100))).allTopicNames().get().values().stream()
                            .flatMap(t -> t.partitions().stream())
                            .filter(p -> p.isr().size() < rf)
                            .count();
                if (left > 0) Thread.sleep(50);
            }
        }
        out.put("in_sync_s", (System.nanoTime() - t0) / 1e9);
    }

    /** A topic of records with keys, each key many times, which nothing compacts before {@link #compact}. */
    static void fill() throws Exception {
        int records = i("records", 1_000_000), keys = i("keys", 100_000), size = i("size", 300);
        String topic = s("topic", "keyed");
        try (Admin ad = Admin.create(base())) {
            ad.createTopics(List.of(new NewTopic(topic, 1, (short) 1)
                            .configs(Map.of(
                                    "cleanup.policy", "delete",
                                    "segment.bytes", s("segment", "67108864"),
                                    "min.cleanable.dirty.ratio", "0.01"))))
                    .all()
                    .get(60, TimeUnit.SECONDS);
        }
        Properties pp = producerProps();
        pp.put("buffer.memory", "67108864");
        AtomicLong errs = new AtomicLong();
        try (KafkaProducer<byte[], byte[]> p = new KafkaProducer<>(pp)) {
            byte[] v = payload(size);
            Random r = new Random(7);
            for (int k = 0; k < records; k++)
                p.send(
                        new ProducerRecord<>(topic, 0, String.format("key-%012d", r.nextInt(keys)).getBytes(), v),
                        (md, ex) -> {
                            if (ex != null) errs.incrementAndGet();
                        });
        }
        out.put("payload_bytes", (long) records * (size + 16));
        out.put("errors", errs.get());
    }

    /** Lets the cleaner have a topic; what it uses from here on is measured by whoever started this. */
    static void compact() throws Exception {
        try (Admin ad = Admin.create(base())) {
            ad.describeCluster().nodes().get();
            phase("altered");
            alter(ad, ConfigResource.Type.TOPIC, s("topic", "keyed"), "cleanup.policy", "compact");
        }
    }

    static void alter(Admin ad, ConfigResource.Type type, String name, String key, String value) throws Exception {
        ad.incrementalAlterConfigs(Map.of(
                        new ConfigResource(type, name),
                        List.of(new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET))))
                .all()
                .get(60, TimeUnit.SECONDS);
    }

    /** Many idle connections, then some of them active. */
    static void conns() throws Exception {
        int n = i("conns", 1000), active = i("active", 20);
        double hold = d("hold", 5), secs = d("secs", 8), rate = d("rate", 2000);
        String topic = s("topic", "conns");
        phase("before");
        Thread.sleep(200); // lets the harness look at memory first
        List<SocketChannel> cs = new ArrayList<>();
        ByteBuffer b = ByteBuffer.allocate(64), in = ByteBuffer.allocateDirect(65536);
        b.putInt(0)
                .putShort((short) 18)
                .putShort((short) 0)
                .putInt(1)
                .putShort((short) 5)
                .put("bench".getBytes());
        b.putInt(0, b.position() - 4);
        b.flip();
        phase("open");
        long t0 = System.nanoTime();
        for (int k = 0; k < n; k++) {
            SocketChannel c = dial();
            b.rewind();
            writeFully(c, b);
            readFrame(c, in);
            cs.add(c);
        }
        out.put("open_s", (System.nanoTime() - t0) / 1e9);
        out.put("open_per_s", n / ((System.nanoTime() - t0) / 1e9));
        phase("idle");
        Thread.sleep((long) (hold * 1000));
        phase("idle_end");
        AtomicLong reqs = new AtomicLong();
        Histogram h = newHist();
        AtomicBoolean measuring = new AtomicBoolean(), stop = new AtomicBoolean();
        AtomicReference<Throwable> err = new AtomicReference<>();
        List<Thread> ts = new ArrayList<>();
        for (int k = 0; k < active; k++) {
            SocketChannel c = cs.get(k * (n / active));
            byte[] bt = batch(1, 100, k);
            Thread t = new Thread(() -> {
                try {
                    ByteBuffer req = produceReq(topic, 0, bt), buf = ByteBuffer.allocateDirect(65536);
                    long gap = (long) (1e9 * active / rate), next = System.nanoTime();
                    while (!stop.get()) {
                        long now;
                        while ((now = System.nanoTime()) < next) LockSupport.parkNanos(next - now);
                        next = Math.max(next + gap, now - 100_000_000L);
                        long st = System.nanoTime();
                        req.rewind();
                        writeFully(c, req);
                        checkProduce(readFrame(c, buf));
                        if (measuring.get()) {
                            rec(h, System.nanoTime() - st);
                            reqs.incrementAndGet();
                        }
                    }
                } catch (Throwable e) {
                    err.compareAndSet(null, e);
                }
            });
            t.start();
            ts.add(t);
        }
        Thread.sleep(3000);
        phase("begin");
        measuring.set(true);
        Thread.sleep((long) (secs * 1000));
        measuring.set(false);
        phase("end");
        stop.set(true);
        for (Thread t : ts) t.join(5000);
        if (err.get() != null) throw new Exception(err.get());
        out.put("req_s", reqs.get() / secs);
        hist("", h);
        for (SocketChannel c : cs) c.close();
    }

    /** N members join, one leaves, one joins: time until every partition is owned again and stays so. */
    static void group() throws Exception {
        int n = i("members", 50), parts = i("parts", 100);
        String topic = s("topic", "grp"), proto = s("protocol", "classic");
        ConcurrentHashMap<Integer, Set<TopicPartition>> own = new ConcurrentHashMap<>();
        ConcurrentHashMap<Integer, AtomicBoolean> live = new ConcurrentHashMap<>();
        Map<Integer, Thread> ts = new HashMap<>();
        java.util.function.IntConsumer add = id -> {
            AtomicBoolean l = new AtomicBoolean(true);
            live.put(id, l);
            own.put(id, Set.of());
            Thread t = new Thread(() -> {
                Properties p = base();
                p.put("key.deserializer", ByteArrayDeserializer.class.getName());
                p.put("value.deserializer", ByteArrayDeserializer.class.getName());
                p.put("group.id", "g-" + proto);
                p.put("group.protocol", proto);
                p.put("client.id", "m" + id);
                p.put("enable.auto.commit", "false");
                p.put("receive.buffer.bytes", "65536");
                try (KafkaConsumer<byte[], byte[]> c = new KafkaConsumer<>(p)) {
                    c.subscribe(List.of(topic));
                    while (l.get()) {
                        c.poll(Duration.ofMillis(10));
                        own.put(id, Set.copyOf(c.assignment()));
                    }
                    own.remove(id);
                }
            });
            t.setDaemon(true);
            t.start();
            ts.put(id, t);
        };
        for (int round = 0; round < 1; round++) {
            phase("begin");
            long t0 = System.nanoTime();
            for (int k = 0; k < n; k++) add.accept(k);
            out.put("join_s", stable(own, live, n, parts, t0));
            long t1 = System.nanoTime();
            live.get(0).set(false);
            live.remove(0);
            out.put("leave_s", stable(own, live, n - 1, parts, t1));
            long t2 = System.nanoTime();
            add.accept(n);
            out.put("join_one_s", stable(own, live, n, parts, t2));
            phase("end");
        }
        out.put("members", n);
    }

    static double stable(Map<Integer, Set<TopicPartition>> own, Map<Integer, ?> live, int n, int parts, long t0)
            throws Exception {
        long since = -1;
        while (System.nanoTime() - t0 < 120e9) {
            Set<TopicPartition> all = new HashSet<>();
            int sum = 0, nonEmpty = 0, min = Integer.MAX_VALUE, max = 0;
            for (var e : own.entrySet())
                if (live.containsKey(e.getKey())) {
                    int z = e.getValue().size();
                    sum += z;
                    all.addAll(e.getValue());
                    if (z > 0) nonEmpty++;
                    min = Math.min(min, z);
                    max = Math.max(max, z);
                }
            boolean ok = all.size() == parts && sum == parts && nonEmpty == n;
            long now = System.nanoTime();
            if (!ok) since = -1;
            else if (since < 0) since = now;
            else if (now - since > 1e9) return (since - t0) / 1e9;
            Thread.sleep(2);
        }
        throw new IllegalStateException("the group did not settle within 120 s");
    }

    static void txn() throws Exception {
        int producers = i("producers", 1), per = i("per", 10), size = i("size", 100), parts = i("parts", 4);
        double warm = d("warm", 4), secs = d("secs", 10);
        String topic = s("topic", "tx");
        AtomicLong done = new AtomicLong();
        AtomicBoolean stop = new AtomicBoolean(), measuring = new AtomicBoolean();
        Histogram h = newHist();
        AtomicReference<Throwable> err = new AtomicReference<>();
        List<Thread> ts = new ArrayList<>();
        AtomicLong errs = new AtomicLong();
        CountDownLatch init = new CountDownLatch(producers);
        long i0 = System.nanoTime();
        for (int k = 0; k < producers; k++) {
            int id = k;
            Thread t = new Thread(() -> {
                Properties p = producerProps();
                p.put("transactional.id", "bench-" + id);
                while (!stop.get())
                    try (KafkaProducer<byte[], byte[]> kp = new KafkaProducer<>(p)) {
                        kp.initTransactions();
                        init.countDown();
                        byte[] v = payload(size);
                        int q = id;
                        while (!stop.get()) {
                            long st = System.nanoTime();
                            kp.beginTransaction();
                            for (int j = 0; j < per; j++) kp.send(new ProducerRecord<>(topic, q++ % parts, null, v));
                            kp.commitTransaction();
                            if (measuring.get()) {
                                rec(h, System.nanoTime() - st);
                                done.incrementAndGet();
                            }
                        }
                    } catch (Throwable e) {
                        System.err.println("txn " + id + ": " + e);
                        if (errs.incrementAndGet() > 50) {
                            err.compareAndSet(null, e);
                            init.countDown();
                            return;
                        }
                    }
            });
            t.start();
            ts.add(t);
        }
        init.await(60, TimeUnit.SECONDS);
        out.put("init_s", (System.nanoTime() - i0) / 1e9);
        Thread.sleep((long) (warm * 1000));
        phase("begin");
        measuring.set(true);
        long t0 = System.nanoTime();
        Thread.sleep((long) (secs * 1000));
        measuring.set(false);
        long n = done.get();
        double el = (System.nanoTime() - t0) / 1e9;
        phase("end");
        stop.set(true);
        for (Thread t : ts) t.join(10_000);
        if (err.get() != null) throw new Exception(err.get());
        out.put("tx_s", n / el);
        out.put("errors", errs.get());
        out.put("msg_s", n * (double) per / el);
        out.put("payload_bytes", n * (long) per * size);
        hist("", h);
    }
}
