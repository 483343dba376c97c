package io.millrace.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The way of a compressed batch through a server costs no native library: shown in a process of its own. */
class NativeLibrariesTest {
    private static final List<String> NATIVE = List.of("com.github.luben.zstd.", "net.jpountz.", "org.xerial.snappy.");

    /** What the other process does: everything a leader does with a batch it does not have to unpack. */
    static final class ServerPath {
        private ServerPath() {}

        /** Checks and places a batch that says it is compressed with zstd, then makes one without compression. */
        public static void main(String[] arguments) {
            ByteBuffer packed = BatchBuilders.ofPacked(Compression.ZSTD, 3, new byte[100]);
            if (!(BatchHeader.check(packed, 0) instanceof BatchCheck.Whole)) throw new AssertionError("not whole");
            if (BatchHeader.compression(packed, 0) != Compression.ZSTD) throw new AssertionError("not zstd");
            BatchHeader.setBaseOffset(packed, 0, 100);
            BatchContents contents =
                    new RecordWalk(DecompressionLimit.DEFAULT).validate(BatchBuilders.ofValues("a"), 0);
            if (!(contents instanceof BatchContents.Sound)) throw new AssertionError(contents.toString());
            if (arguments.length > 0) BatchBuilders.ofValues(Compression.ZSTD, "a");
        }
    }

    @Test
    void headersAndPlainBatchesLoadNoNativeLibrary() throws IOException, InterruptedException {
        String loaded = classesLoadedBy();
        assertTrue(loaded.contains("io.millrace.records.BatchHeader"), loaded);
        for (String prefix : NATIVE) assertFalse(loaded.contains(prefix), () -> prefix + " is loaded");
    }

    @Test
    void oneCodecLoadsOnlyItsOwnLibrary() throws IOException, InterruptedException {
        String loaded = classesLoadedBy("compress");
        assertTrue(loaded.contains("com.github.luben.zstd."));
        assertFalse(loaded.contains("net.jpountz.") || loaded.contains("org.xerial.snappy."));
    }

    private static String classesLoadedBy(String... arguments) throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Xlog:class+load",
                "-cp",
                System.getProperty("java.class.path"),
                ServerPath.class.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }
}
