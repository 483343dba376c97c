package io.millrace.testkit.disk;

import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The tree of names on a disk, and the changes to it that were not forced yet. */
final class DiskNames {
    /** A name that goes, one that comes, or both at once; {@code at} is the directory whose force makes it lasting. */
    private record NameChange(
            DirectoryNames at,
            @Nullable DirectoryNames from,
            @Nullable String gone,
            @Nullable String come,
            @Nullable DiskEntry entry) {
        void apply() {
            applyComing();
            if (from != null && gone != null && !(from == at && gone.equals(come))) from.forced.remove(gone);
        }

        void applyComing() {
            if (come != null && entry != null) at.forced.put(come, entry);
        }

        boolean isRename() {
            return gone != null && come != null;
        }
    }

    private final DirectoryNames root;
    private final List<NameChange> unforced = new ArrayList<>();
    private boolean hasJournal = true;

    DiskNames(DirectoryNames root) {
        this.root = root;
    }

    DirectoryNames root() {
        return root;
    }

    void withoutJournal() {
        hasJournal = false;
    }

    /** Nothing is there any more, nor comes back. */
    void clear() {
        unforced.clear();
        root.live.clear();
        root.forced.clear();
    }

    @Nullable
    DiskEntry find(Path path) {
        DiskEntry entry = root;
        for (String name : split(path)) {
            DiskEntry next = entry instanceof DirectoryNames directory ? directory.live.get(name) : null;
            if (next == null) return null;
            entry = next;
        }
        return entry;
    }

    DirectoryNames directory(Path path) throws IOException {
        DiskEntry entry = find(path);
        if (entry instanceof DirectoryNames directory) return directory;
        throw entry == null ? new NoSuchFileException(path.toString()) : new NotDirectoryException(path.toString());
    }

    private DirectoryNames parent(Path path) throws IOException {
        Path parent = path.getParent();
        return parent == null ? root : directory(parent);
    }

    static List<String> split(Path path) {
        List<String> names = new ArrayList<>();
        for (Path name : path.normalize()) if (!name.toString().isEmpty()) names.add(name.toString());
        return names;
    }

    private static String name(Path path) throws IOException {
        List<String> names = split(path);
        if (names.isEmpty()) throw new IOException(path + " is the root");
        return names.getLast();
    }

    void create(Path path, DiskEntry entry) throws IOException {
        create(parent(path), name(path), entry);
    }

    void create(DirectoryNames at, String name, DiskEntry entry) {
        at.live.put(name, entry);
        unforced.add(new NameChange(at, null, null, name, entry));
    }

    /** The directory of that name within another, if it is there. */
    static @Nullable DirectoryNames within(DirectoryNames at, String name, Path path) throws IOException {
        return switch (at.live.get(name)) {
            case null -> null;
            case DirectoryNames there -> there;
            case FileContent file -> throw new FileAlreadyExistsException(path.toString());
        };
    }

    void rename(Path from, Path to) throws IOException {
        DiskEntry entry = find(from);
        if (entry == null) throw new NoSuchFileException(from.toString());
        DirectoryNames target = parent(to);
        switch (find(to)) {
            case null -> {}
            case FileContent file -> {
                if (entry instanceof DirectoryNames) throw new NotDirectoryException(to.toString());
            }
            case DirectoryNames directory -> {
                if (entry instanceof FileContent) throw new IOException(to + " is a directory");
                if (!directory.live.isEmpty()) throw new DirectoryNotEmptyException(to.toString());
            }
        }
        DirectoryNames source = parent(from);
        source.live.remove(name(from));
        target.live.put(name(to), entry);
        unforced.add(new NameChange(target, source, name(from), name(to), entry));
    }

    void delete(Path path) throws IOException {
        DiskEntry entry = find(path);
        if (entry == null) return;
        if (entry instanceof DirectoryNames directory && !directory.live.isEmpty())
            throw new DirectoryNotEmptyException(path.toString());
        DirectoryNames parent = parent(path);
        parent.live.remove(name(path));
        unforced.add(new NameChange(parent, parent, name(path), null, null));
    }

    void force(DirectoryNames forced) {
        for (NameChange change : unforced) if (change.at() == forced) change.apply();
        unforced.removeIf(change -> change.at() == forced);
    }

    /** Loses what was not forced, of names and of contents. */
    void losePower(SeededRandom random) {
        int kept = random.nextInt(unforced.size() + 1);
        for (int i = 0; i < unforced.size(); i++) {
            if (hasJournal ? i < kept : random.nextBoolean()) unforced.get(i).apply();
            else if (!hasJournal && unforced.get(i).isRename() && random.nextBoolean())
                unforced.get(i).applyComing();
        }
        unforced.clear();
        everyFile(forcedOnly -> forcedOnly.losePower(random), true);
    }

    /** Every file once, in the order of the names; with {@code settles}, all names are set to what is forced on the way. */
    void everyFile(Consumer<FileContent> what, boolean settles) {
        everyFile(root, what, settles, Collections.newSetFromMap(new IdentityHashMap<>()));
    }

    private static void everyFile(
            DirectoryNames directory, Consumer<FileContent> what, boolean settles, Set<DiskEntry> done) {
        if (settles) {
            directory.live.clear();
            directory.live.putAll(directory.forced);
        }
        for (DiskEntry entry : directory.live.values()) {
            if (!done.add(entry)) continue;
            switch (entry) {
                case FileContent content -> what.accept(content);
                case DirectoryNames below -> everyFile(below, what, settles, done);
            }
        }
    }

    long usedBytes() {
        long[] used = {0};
        everyFile(content -> used[0] += content.sizeBytes(), false);
        return used[0];
    }
}
