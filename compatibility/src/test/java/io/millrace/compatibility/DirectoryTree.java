package io.millrace.compatibility;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** A directory with all below it: to be copied, and to be compared to the last byte and moment. */
final class DirectoryTree {
    private DirectoryTree() {}

    /** Of each file and directory, by its relative path: what it is, its size, modification time and a digest. */
    static Map<Path, String> picture(Path root) throws IOException {
        var picture = new TreeMap<Path, String>();
        try (var walk = Files.walk(root)) {
            for (Path path : walk.toList()) {
                var attributes = Files.readAttributes(path, BasicFileAttributes.class);
                String content =
                        attributes.isRegularFile() ? attributes.size() + " bytes " + digest(path) : "directory";
                picture.put(root.relativize(path), content + ", modified " + attributes.lastModifiedTime());
            }
        }
        return picture;
    }

    private static String digest(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Copies it to a place where nothing is yet. */
    static void copy(Path from, Path to) throws IOException {
        try (var walk = Files.walk(from)) {
            for (Path path : walk.toList()) {
                Path copy = to.resolve(from.relativize(path).toString());
                if (Files.isDirectory(path)) Files.createDirectories(copy);
                else Files.copy(path, copy, StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }
}
