package io.millrace.compatibility;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A disk of its own for one process: an ext4 file system on a loop device over an image file. The image holds what the
 * kernel has written to the device and nothing of what is only in its page cache, so a copy of it is what a power cut leaves.
 */
final class LoopDisk implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long IMAGE_BYTES = 256L << 20;

    private final Path folder;
    private final Path image;
    private final Path root;
    private @Nullable String device;
    private boolean isMounted;

    private LoopDisk(Path folder) {
        this.folder = folder;
        this.image = folder.resolve("image");
        this.root = folder.resolve("root");
    }

    /** Makes an empty one in a folder that holds nothing else; the image is sparse. */
    static LoopDisk make(Path folder) {
        var disk = new LoopDisk(folder);
        try (var file = new RandomAccessFile(disk.image.toFile(), "rw")) {
            file.setLength(IMAGE_BYTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // Nothing is left for the kernel to initialise later: it would write while nobody does.
        disk.run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", disk.image.toString());
        disk.mount();
        return disk;
    }

    /** A disk from an image that {@link #copy} has put into that folder: the file system finds its journal unfinished. */
    static LoopDisk of(Path folder) {
        var disk = new LoopDisk(folder);
        disk.mount();
        return disk;
    }

    /** Why there can be no such disks here; nothing if there can. */
    static Optional<String> whyNot(Path folder) {
        try (LoopDisk disk = make(Files.createDirectories(folder))) {
            return Files.isDirectory(disk.root) ? Optional.empty() : Optional.of("the mounted image is not there");
        } catch (AssertionError | RuntimeException | IOException refused) {
            return Optional.of("an ext4 image cannot be mounted here (wants root, mkfs.ext4 and loop devices): "
                    + String.valueOf(refused.getMessage()).lines().findFirst().orElse(""));
        }
    }

    private void mount() {
        try {
            Files.createDirectories(root);
            device = run("losetup", "--find", "--show", image.toString()).getFirst();
            run("mount", "-t", "ext4", device, root.toString());
            isMounted = true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (AssertionError | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Where its files are. */
    Path root() {
        return root;
    }

    /**
     * Copies the image as it is at one instant into another folder. Nobody may be using the disk; what the kernel itself
     * still writes is waited for, and a copy during which the device was written to is thrown away.
     */
    void copy(Path into) {
        Await.until("the device is quiet for as long as a copy takes", PATIENCE, () -> {
            String before = writes();
            Files.createDirectories(into);
            run("cp", "--sparse=always", image.toString(), into.resolve("image").toString());
            return !before.isEmpty() && before.equals(writes());
        });
    }

    /** How much was written to the device so far; empty while something is under way. */
    private String writes() throws IOException {
        Path stat = Path.of(
                "/sys/block", Path.of(String.valueOf(device)).getFileName().toString(), "stat");
        String[] fields = Files.readString(stat).strip().split("\\s+", -1);
        boolean isIdle = fields[8].equals("0");
        return isIdle ? fields[4] + " writes, " + fields[6] + " sectors" : "";
    }

    private List<String> run(String... command) {
        return ChildProcess.run(command[0], folder, Map.of(), PATIENCE, List.of(command));
    }

    /** Takes it away, its image too. Nobody may be using it. */
    @Override
    public void close() {
        try {
            if (isMounted) run("umount", root.toString());
            isMounted = false;
            if (device != null) run("losetup", "--detach", device);
            device = null;
            Files.deleteIfExists(image);
            Files.deleteIfExists(root);
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
