package io.millrace.metadata;

import io.millrace.protocol.messages.ConfigRecord;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The properties set on topics, brokers, groups and subscriptions. Changing one copies the properties of its resource. */
public record ConfigsImage(PersistentMap<ConfigResource, SortedMap<String, String>> byResource) {
    static final ConfigsImage EMPTY = new ConfigsImage(PersistentMap.empty());

    private static final SortedMap<String, String> NONE = Collections.emptySortedMap();

    /** What is set on the resource itself, in order of name; nothing if there is no such resource. */
    public SortedMap<String, String> of(ConfigResource resource) {
        SortedMap<String, String> properties = byResource.get(resource);
        return properties == null ? NONE : properties;
    }

    /** The names of all resources of a kind on which something is set, in order; looks through all resources. */
    public List<String> namesOf(ConfigResource.Type type) {
        List<String> names = new ArrayList<>();
        byResource.forEach((resource, properties) -> {
            if (resource.type() == type) names.add(resource.name());
        });
        Collections.sort(names);
        return names;
    }

    ConfigsImage with(ConfigResource resource, ConfigRecord record) {
        SortedMap<String, String> changed = new TreeMap<>(of(resource));
        String value = record.value();
        if (value == null) changed.remove(record.name());
        else changed.put(record.name(), value);
        if (changed.isEmpty()) return without(resource);
        return new ConfigsImage(byResource.with(resource, Collections.unmodifiableSortedMap(changed)));
    }

    ConfigsImage without(ConfigResource resource) {
        return byResource.contains(resource) ? new ConfigsImage(byResource.without(resource)) : this;
    }

    void writeTo(Consumer<VersionedRecord> out) {
        for (ConfigResource resource : byResource.keysInOrder())
            of(resource)
                    .forEach((name, value) -> out.accept(VersionedRecord.v0(ConfigRecord.builder()
                            .resourceType(resource.type().code())
                            .resourceName(resource.name())
                            .name(name)
                            .value(value)
                            .build())));
    }
}
