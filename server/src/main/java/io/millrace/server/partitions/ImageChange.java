package io.millrace.server.partitions;

import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.MetadataDelta;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is different from one image to the next, as far as partitions care.
 *
 * @param after the newer image
 * @param changed topics that are new, or whose partitions or properties differ, by name
 * @param deleted topics that are no more, by name; one that was made anew under its name is in both lists
 * @param brokerConfigsChanged whether a broker's properties differ, and with them every topic's defaults
 */
public record ImageChange(
        MetadataImage after, List<TopicImage> changed, List<TopicImage> deleted, boolean brokerConfigsChanged) {
    /** Reads off a delta what it changed. */
    public static ImageChange of(MetadataDelta delta, MetadataImage after) {
        MetadataImage before = delta.base();
        Map<String, TopicImage> changed = new TreeMap<>();
        List<TopicImage> deleted = new ArrayList<>();
        for (Uuid id : delta.changedTopics()) {
            TopicImage was = before.topics().topic(id);
            TopicImage is = after.topics().topic(id);
            if (is != null) changed.put(is.name(), is);
            else if (was != null) deleted.add(was);
        }
        boolean brokerConfigsChanged = false;
        for (ConfigResource resource : delta.changedConfigs()) {
            if (resource.type() == ConfigResource.Type.BROKER) brokerConfigsChanged = true;
            if (resource.type() != ConfigResource.Type.TOPIC) continue;
            TopicImage topic = after.topics().topic(resource.name());
            if (topic != null) changed.put(topic.name(), topic);
        }
        deleted.sort(Comparator.comparing(TopicImage::name));
        return new ImageChange(after, List.copyOf(changed.values()), deleted, brokerConfigsChanged);
    }

    /** An image that takes the place of another, with no word of what happened between the two. */
    public static ImageChange replacing(MetadataImage before, MetadataImage after) {
        List<TopicImage> deleted = new ArrayList<>();
        for (TopicImage topic : before.topics().inOrder())
            if (after.topics().topic(topic.id()) == null) deleted.add(topic);
        return new ImageChange(after, after.topics().inOrder(), List.copyOf(deleted), true);
    }

    /** Everything there is, as new. */
    public static ImageChange everything(MetadataImage image) {
        return new ImageChange(image, image.topics().inOrder(), List.of(), true);
    }
}
