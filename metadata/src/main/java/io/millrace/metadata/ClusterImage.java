package io.millrace.metadata;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The nodes: brokers and controllers that registered. */
public record ClusterImage(
        PersistentMap<Integer, BrokerImage> brokers, PersistentMap<Integer, ControllerImage> controllers) {
    static final ClusterImage EMPTY = new ClusterImage(PersistentMap.empty(), PersistentMap.empty());

    /** The broker of this number, or null. */
    public @Nullable BrokerImage broker(int id) {
        return brokers.get(id);
    }

    /** Whether the broker is registered, not fenced and not shutting down. */
    public boolean isActive(int brokerId) {
        BrokerImage broker = brokers.get(brokerId);
        return broker != null && broker.isActive();
    }

    /** All brokers in order of number; sorts. */
    public List<BrokerImage> brokersInOrder() {
        return brokers.valuesInOrder();
    }

    /** All controllers in order of number; sorts. */
    public List<ControllerImage> controllersInOrder() {
        return controllers.valuesInOrder();
    }

    void writeTo(Consumer<VersionedRecord> out, MetadataVersion metadataVersion) {
        for (BrokerImage broker : brokersInOrder()) out.accept(broker.toRecord(metadataVersion));
        if (metadataVersion.hasControllerRegistrations())
            for (ControllerImage controller : controllersInOrder()) out.accept(controller.toRecord());
    }
}
