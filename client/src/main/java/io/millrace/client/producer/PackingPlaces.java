package io.millrace.client.producer;

import io.millrace.client.sending.Batch;
import io.millrace.records.PackingMemory;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Memory to pack batches in, for threads that do so at the same time: a few of them find some that was used before. */
final class PackingPlaces {
    /** More threads than this seldom pack at once, and the memory of each place stays with the producer. */
    private static final int PLACES = 4;

    private final AtomicReferenceArray<@Nullable PackingMemory> idle = new AtomicReferenceArray<>(PLACES);

    /** {@link Batch#pack} in one of the places. */
    void pack(Batch batch) {
        PackingMemory memory = take();
        batch.pack(memory);
        giveBack(memory);
    }

    private PackingMemory take() {
        for (int i = 0; i < PLACES; i++) {
            PackingMemory memory = idle.getAndSet(i, null);
            if (memory != null) return memory;
        }
        return new PackingMemory();
    }

    private void giveBack(PackingMemory memory) {
        for (int i = 0; i < PLACES; i++) if (idle.compareAndSet(i, null, memory)) return;
    }
}
