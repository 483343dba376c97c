package io.millrace.cli.terminal;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;

/**
 * Saved contexts: for each a file {@code contexts/NAME.properties}, which only its owner may read, since it can hold passwords; and the
 * name of the current one in {@code current-context}.
 */
public final class Contexts {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,63}");
    private static final String SUFFIX = ".properties";

    private final Path home;

    /** Those below a directory, which need not exist. */
    public Contexts(Path home) {
        this.home = home;
    }

    /** The user's: in {@code millrace} below {@code XDG_CONFIG_HOME}, or below {@code ~/.config} if that is not set. */
    public static Contexts ofUser() {
        String configHome = System.getenv("XDG_CONFIG_HOME");
        Path base = configHome == null || configHome.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".config")
                : Path.of(configHome);
        return new Contexts(base.resolve("millrace"));
    }

    /** All names, ascending. */
    public List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(home.resolve("contexts"), "*" + SUFFIX)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                names.add(name.substring(0, name.length() - SUFFIX.length()));
            }
        } catch (NoSuchFileException none) { // Nobody has saved one yet.
            return List.of();
        }
        names.sort(String::compareTo);
        return names;
    }

    /** The one that is used where none is said; empty if there is none. */
    public Optional<String> current() throws IOException {
        try {
            String name = Files.readString(currentFile()).strip();
            return name.isEmpty() ? Optional.empty() : Optional.of(name);
        } catch (NoSuchFileException none) {
            return Optional.empty();
        }
    }

    /** Whether there is one of that name. */
    public boolean has(String name) {
        return Files.exists(file(name));
    }

    /**
     * The properties of a context.
     *
     * @throws IllegalArgumentException if there is none of that name, or it cannot be read
     */
    public Map<String, String> read(String name) {
        if (!has(name))
            throw new IllegalArgumentException("there is no context " + name + "; see millrace context list");
        return ConnectionProperties.read(file(name));
    }

    /** Saves a context, in place of one of the same name. */
    public void write(String name, Map<String, String> properties) throws IOException {
        Properties all = new Properties();
        all.putAll(properties);
        Path file = file(name);
        createDirectory(home);
        createDirectory(home.resolve("contexts"));
        // A new file beside it, so that nobody sees half of it, nor anybody else any of it.
        Path fresh = Files.createTempFile(home.resolve("contexts"), "." + name, ".new");
        try {
            try (Writer out = Files.newBufferedWriter(fresh)) {
                all.store(out, "context " + name);
            }
            Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    /** Makes it the current one. */
    public void use(String name) throws IOException {
        createDirectory(home);
        Files.writeString(currentFile(), name + "\n");
    }

    /** Forgets a context, and that it is the current one if it is. */
    public void remove(String name) throws IOException {
        Files.delete(file(name));
        if (current().filter(name::equals).isPresent()) Files.delete(currentFile());
    }

    private Path currentFile() {
        return home.resolve("current-context");
    }

    private Path file(String name) {
        if (!NAME.matcher(name).matches())
            throw new IllegalArgumentException(
                    "'" + name + "' is no name of a context; want letters, digits, '.', '_' and '-', 64 at most");
        return home.resolve("contexts").resolve(name + SUFFIX);
    }

    private static void createDirectory(Path directory) throws IOException {
        if (Files.isDirectory(directory)) return;
        boolean isPosix =
                directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] attributes = isPosix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
        Files.createDirectories(directory, attributes);
    }
}
