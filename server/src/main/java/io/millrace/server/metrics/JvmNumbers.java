package io.millrace.server.metrics;

import io.millrace.server.metrics.ExpositionText.Kind;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryUsage;

/**
 * The process and its virtual machine. The management classes are loaded by the first scrape: at start they would cost more
 * than all the rest of the boot's metrics.
 */
final class JvmNumbers {
    private JvmNumbers() {}

    static void write(ExpositionText out) {
        String version = JvmNumbers.class.getPackage().getImplementationVersion();
        out.family("millrace_build_info", Kind.GAUGE, "Always 1; its labels say what runs.")
                .sample(
                        1,
                        "version",
                        version == null ? "development" : version,
                        "java",
                        Runtime.version().toString());
        out.family(
                        "millrace_process_start_time_seconds",
                        Kind.GAUGE,
                        "When the process started, in seconds since the epoch.")
                .sample(ManagementFactory.getRuntimeMXBean().getStartTime() / 1000.0);
        memory(out);
        out.single(
                "millrace_jvm_threads",
                Kind.GAUGE,
                "Platform threads alive.",
                ManagementFactory.getThreadMXBean().getThreadCount());
        collections(out);
    }

    private static void memory(ExpositionText out) {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        MemoryUsage heap = memory.getHeapMemoryUsage();
        MemoryUsage other = memory.getNonHeapMemoryUsage();
        out.family("millrace_jvm_memory_used_bytes", Kind.GAUGE, "Memory in use by the virtual machine.")
                .sample(heap.getUsed(), "area", "heap")
                .sample(other.getUsed(), "area", "nonheap");
        out.family("millrace_jvm_memory_committed_bytes", Kind.GAUGE, "Memory the virtual machine has taken.")
                .sample(heap.getCommitted(), "area", "heap")
                .sample(other.getCommitted(), "area", "nonheap");
        out.single(
                "millrace_jvm_memory_max_bytes",
                Kind.GAUGE,
                "The most the heap may grow to; -1 if there is no limit.",
                heap.getMax());
        out.family("millrace_jvm_buffer_used_bytes", Kind.GAUGE, "Memory of buffers outside the heap, by their kind.");
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class))
            out.sample(pool.getMemoryUsed(), "pool", pool.getName());
    }

    private static void collections(ExpositionText out) {
        out.family(
                "millrace_jvm_gc_duration_seconds",
                Kind.SUMMARY,
                "Garbage collections and the time they took, by collector.");
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans())
            out.summary(
                    Math.max(0, collector.getCollectionCount()),
                    Math.max(0, collector.getCollectionTime()) / 1000.0,
                    "collector",
                    collector.getName());
    }
}
