package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;

/** What an application takes on with the client, by Maven's word ({@code target/class-path}). */
class ClientSizeTest {
    private static final long MOST_BYTES = 5_000_000;
    private static final String CODECS = "(zstd-jni|lz4-java|snappy-java)-.*";

    @Test
    void theClientAndAllThatComesWithItButTheCodecsIsSmall() throws IOException {
        Path written = Path.of("target", "class-path");
        assertTrue(Files.exists(written), () -> written + " is Maven's to write (process-test-classes)");
        Map<String, Long> sizes = new TreeMap<>();
        sizes.put("the client", sizeBytes(Path.of("target", "classes")));
        for (String each : Files.readString(written).strip().split(File.pathSeparator, -1)) {
            Path path = Path.of(each);
            String name = Files.isDirectory(path) ? each : path.getFileName().toString();
            if (!name.matches(CODECS)) sizes.put(name, sizeBytes(path));
            assertFalse(name.startsWith("kafka-"), () -> name + " comes with the client");
        }
        assertTrue(sizes.size() > 5, () -> "too little to be the client: " + sizes);
        long bytes = sizes.values().stream().mapToLong(Long::longValue).sum();
        assertTrue(bytes <= MOST_BYTES, () -> bytes + " bytes: " + sizes);
    }

    /** Of a jar, or of a directory as it would be in a jar. */
    private static long sizeBytes(Path path) throws IOException {
        if (!Files.isDirectory(path)) return Files.size(path);
        long bytes = 0;
        try (var files = Files.walk(path)) {
            for (Path each : files.filter(Files::isRegularFile).toList())
                bytes += deflatedBytes(Files.readAllBytes(each));
        }
        return bytes;
    }

    private static long deflatedBytes(byte[] content) {
        Deflater deflater = new Deflater();
        try {
            deflater.setInput(content);
            deflater.finish();
            byte[] out = new byte[64 << 10];
            while (!deflater.finished()) deflater.deflate(out);
            return deflater.getBytesWritten();
        } finally {
            deflater.end();
        }
    }
}
