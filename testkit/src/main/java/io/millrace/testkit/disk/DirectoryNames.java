package io.millrace.testkit.disk;

import java.util.Map;
import java.util.TreeMap;

/** The names in one directory: as they are, and as they were when last forced. */
final class DirectoryNames implements DiskEntry {
    /** As programs see them. */
    final TreeMap<String, DiskEntry> live = new TreeMap<>();

    /** As stable storage has them. */
    final TreeMap<String, DiskEntry> forced = new TreeMap<>();

    @Override
    public DirectoryNames copy() {
        DirectoryNames copy = new DirectoryNames();
        for (Map.Entry<String, DiskEntry> name : live.entrySet())
            copy.live.put(name.getKey(), name.getValue().copy());
        copy.forced.putAll(copy.live);
        return copy;
    }
}
