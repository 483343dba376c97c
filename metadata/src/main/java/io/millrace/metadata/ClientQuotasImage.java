package io.millrace.metadata;

import io.millrace.protocol.messages.ClientQuotaRecord;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Quotas of users, client ids and addresses (KIP-546), kept for whoever enforces them. */
public record ClientQuotasImage(PersistentMap<ClientQuotasImage.Entity, SortedMap<String, Double>> byEntity) {
    static final ClientQuotasImage EMPTY = new ClientQuotasImage(PersistentMap.empty());

    /** One part of an entity: its type, and its name or null for the default of the type. */
    public record Part(String type, @Nullable String name) {}

    /** Whom a quota is for: parts in order of type. */
    public record Entity(List<Part> parts) implements Comparable<Entity> {
        @Override
        public int compareTo(Entity other) {
            return parts.toString().compareTo(other.parts.toString());
        }
    }

    /** The quotas of exactly this entity, by key. */
    public SortedMap<String, Double> of(Entity entity) {
        SortedMap<String, Double> quotas = byEntity.get(entity);
        return quotas == null ? Collections.emptySortedMap() : quotas;
    }

    ClientQuotasImage with(ClientQuotaRecord record) {
        List<Part> parts = new ArrayList<>();
        for (ClientQuotaRecord.EntityData each : record.entity())
            parts.add(new Part(each.entityType(), each.entityName()));
        parts.sort(Comparator.comparing(Part::type));
        Entity entity = new Entity(List.copyOf(parts));
        SortedMap<String, Double> changed = new TreeMap<>(of(entity));
        if (record.remove()) changed.remove(record.key());
        else changed.put(record.key(), record.value());
        return new ClientQuotasImage(
                changed.isEmpty()
                        ? byEntity.without(entity)
                        : byEntity.with(entity, Collections.unmodifiableSortedMap(changed)));
    }

    void writeTo(Consumer<VersionedRecord> out) {
        for (Entity entity : byEntity.keysInOrder()) {
            List<ClientQuotaRecord.EntityData> parts = new ArrayList<>();
            for (Part part : entity.parts())
                parts.add(ClientQuotaRecord.EntityData.builder()
                        .entityType(part.type())
                        .entityName(part.name())
                        .build());
            of(entity)
                    .forEach((key, value) -> out.accept(VersionedRecord.v0(ClientQuotaRecord.builder()
                            .entity(parts)
                            .key(key)
                            .value(value)
                            .remove(false)
                            .build())));
        }
    }
}
