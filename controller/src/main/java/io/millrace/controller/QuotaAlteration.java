package io.millrace.controller;

import io.millrace.metadata.ClientQuotasImage;
import io.millrace.metadata.ClientQuotasImage.Entity;
import io.millrace.metadata.ClientQuotasImage.Part;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterClientQuotasRequest;
import io.millrace.protocol.messages.AlterClientQuotasResponse;
import io.millrace.protocol.messages.ClientQuotaRecord;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * AlterClientQuotas (KIP-546, 599, 612): each entity succeeds or fails as a whole, and by itself. Deciding a quota enforces nothing; whoever serves this has to.
 *
 * <p>Stricter than Kafka: of an entity that a request names twice nothing is done, where Kafka does the first half and answers with an error; and an address has to be
 * one in figures.
 */
final class QuotaAlteration {
    private static final String USER = "user";
    private static final String CLIENT_ID = "client-id";
    private static final String IP = "ip";
    private static final double WHOLE = 1e-6;

    /** What values a quota may have. */
    private enum Kind {
        /** Any above 0. */
        FRACTION,
        /** A whole number of 64 bits. */
        LONG,
        /** A whole number of 32 bits. */
        INT
    }

    private static final Map<String, Kind> OF_CLIENTS = Map.of(
            "producer_byte_rate",
            Kind.LONG,
            "consumer_byte_rate",
            Kind.LONG,
            "request_percentage",
            Kind.FRACTION,
            "controller_mutation_rate",
            Kind.FRACTION);
    private static final Map<String, Kind> OF_ADDRESSES = Map.of("connection_creation_rate", Kind.INT);

    private final ClientQuotasImage quotas;

    QuotaAlteration(ClientQuotasImage quotas) {
        this.quotas = quotas;
    }

    Decision<AlterClientQuotasResponse> handle(AlterClientQuotasRequest request) {
        List<VersionedRecord> records = new ArrayList<>();
        Map<Entity, @Nullable Refusal> outcomes = new LinkedHashMap<>();
        Set<Entity> seen = new HashSet<>();
        Set<Entity> repeated = new HashSet<>();
        for (AlterClientQuotasRequest.EntryData entry : request.entries())
            if (!seen.add(entity(entry))) repeated.add(entity(entry));
        for (AlterClientQuotasRequest.EntryData entry : request.entries()) {
            Entity entity = entity(entry);
            outcomes.put(
                    entity,
                    repeated.contains(entity)
                            ? Refusal.invalidRequest("an entity is to be named once in a request")
                            : alter(entity, entry.ops(), records));
        }
        List<AlterClientQuotasResponse.EntryData> entries = new ArrayList<>();
        outcomes.forEach((entity, refusal) -> entries.add(answer(entity, refusal)));
        return Decision.atomic(
                request.validateOnly() ? List.of() : records,
                AlterClientQuotasResponse.builder().entries(entries).build());
    }

    /** Parts by type; of two of one type the last counts, as in Kafka. */
    private static Entity entity(AlterClientQuotasRequest.EntryData entry) {
        SortedMap<String, Part> parts = new TreeMap<>();
        for (AlterClientQuotasRequest.EntityData part : entry.entity())
            parts.put(part.entityType(), new Part(part.entityType(), part.entityName()));
        return new Entity(List.copyOf(parts.values()));
    }

    private static AlterClientQuotasResponse.EntryData answer(Entity entity, @Nullable Refusal refusal) {
        List<AlterClientQuotasResponse.EntityData> parts = new ArrayList<>();
        for (Part part : entity.parts())
            parts.add(AlterClientQuotasResponse.EntityData.builder()
                    .entityType(part.type())
                    .entityName(part.name())
                    .build());
        return AlterClientQuotasResponse.EntryData.builder()
                .errorCode(
                        refusal == null
                                ? ErrorCode.NONE.code()
                                : refusal.error().code())
                .errorMessage(refusal == null ? null : refusal.message())
                .entity(parts)
                .build();
    }

    private @Nullable Refusal alter(
            Entity entity, List<AlterClientQuotasRequest.OpData> ops, List<VersionedRecord> records) {
        Refusal refusal = refusal(entity);
        if (refusal != null) return refusal;
        Map<String, Kind> kinds = entity.parts().get(0).type().equals(IP) ? OF_ADDRESSES : OF_CLIENTS;
        SortedMap<String, Double> present = quotas.of(entity);
        List<VersionedRecord> own = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (AlterClientQuotasRequest.OpData op : ops) {
            if (!seen.add(op.key()))
                return Refusal.invalidRequest("Quota " + op.key() + " is named twice for one entity");
            Double value = present.get(op.key());
            if (op.remove()) {
                if (value != null) own.add(record(entity, op.key(), 0, true));
                continue;
            }
            Kind kind = kinds.get(op.key());
            refusal = kind == null
                    ? Refusal.invalidRequest("Invalid configuration key " + op.key())
                    : refusal(op.key(), op.value(), kind);
            if (refusal != null) return refusal;
            if (value == null || value != op.value()) own.add(record(entity, op.key(), op.value(), false));
        }
        if (records.size() + own.size() > Decision.MAX_RECORDS_PER_USER_OPERATION)
            return new Refusal(ErrorCode.POLICY_VIOLATION, "Unable to perform excessively large batch operation.");
        records.addAll(own);
        return null;
    }

    private static @Nullable Refusal refusal(Entity entity) {
        if (entity.parts().isEmpty()) return Refusal.invalidRequest("Invalid empty client quota entity");
        boolean hasAddress = false;
        for (Part part : entity.parts()) {
            switch (part.type()) {
                case USER, CLIENT_ID -> {}
                case IP -> hasAddress = true;
                default -> {
                    return Refusal.invalidRequest("Unhandled client quota entity type: " + part.type());
                }
            }
            if (part.name() != null && part.name().isEmpty())
                return Refusal.invalidRequest("Empty " + part.type() + " not supported");
        }
        if (!hasAddress) return null;
        if (entity.parts().size() > 1) return Refusal.invalidRequest("Invalid quota entity combination");
        String address = entity.parts().get(0).name();
        if (address == null || isAddress(address)) return null;
        return Refusal.invalidRequest(address + " is not a valid IP or resolvable host.");
    }

    /** Only an address in figures: looking a name up would block, and the next node might find another one. */
    private static boolean isAddress(String text) {
        try {
            InetAddress.ofLiteral(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static @Nullable Refusal refusal(String key, double value, Kind kind) {
        if (!Double.isFinite(value)) return Refusal.invalidRequest("Quota " + key + " must be a finite number");
        if (value <= 0) return Refusal.invalidRequest("Quota " + key + " must be greater than 0");
        if (kind == Kind.FRACTION) return null;
        if (kind == Kind.INT && value > Integer.MAX_VALUE)
            return Refusal.invalidRequest("Proposed value for " + key + " is too large for an INT.");
        if (kind == Kind.LONG && value > Long.MAX_VALUE)
            return Refusal.invalidRequest("Proposed value for " + key + " is too large for a LONG.");
        if (value % 1.0 > WHOLE) return Refusal.invalidRequest(key + " cannot be a fractional value.");
        return null;
    }

    private static VersionedRecord record(Entity entity, String key, double value, boolean remove) {
        List<ClientQuotaRecord.EntityData> parts = new ArrayList<>();
        for (Part part : entity.parts())
            parts.add(ClientQuotaRecord.EntityData.builder()
                    .entityType(part.type())
                    .entityName(part.name())
                    .build());
        return VersionedRecord.v0(ClientQuotaRecord.builder()
                .entity(parts)
                .key(key)
                .value(value)
                .remove(remove)
                .build());
    }
}
