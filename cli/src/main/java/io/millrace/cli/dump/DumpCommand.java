package io.millrace.cli.dump;

import io.millrace.environment.Disk;
import io.millrace.host.HostDisk;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code millrace log dump FILE...}: prints what log segments, indexes, snapshots and checkpoints hold. Ends with 0 if every
 * file is whole, 1 if one is damaged or cannot be read.
 */
@Command(
        name = "dump",
        description = "Print what the files of a log directory hold: segments, indexes, producer snapshots, metadata"
                + " snapshots and checkpoints. Reads only; works on Apache Kafka's files too.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class DumpCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "FILE",
            description = "Files to print, or directories whose files are printed in the order of their names.")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = {"--deep", "--deep-iteration"},
            description = "Print each record, not only batches.")
    private boolean deep;

    @Option(
            names = {"--print-data", "--print-data-log"},
            description = "Print keys and values too: as text where they are UTF-8, else in base64.")
    private boolean printData;

    @Option(
            names = "--decode",
            paramLabel = "WHAT",
            description =
                    "What the records are: none, metadata, offsets, transactions or share. Without it, the name of"
                            + " the file's directory says.")
    private @Nullable String decode;

    @Option(names = "--cluster-metadata-decoder", description = "The same as --decode metadata.", hidden = true)
    private boolean metadataDecoder;

    @Option(names = "--offsets-decoder", description = "The same as --decode offsets.", hidden = true)
    private boolean offsetsDecoder;

    @Option(names = "--transaction-log-decoder", description = "The same as --decode transactions.", hidden = true)
    private boolean transactionsDecoder;

    @Option(names = "--share-group-state-decoder", description = "The same as --decode share.", hidden = true)
    private boolean shareDecoder;

    @Option(names = "--max-bytes", paramLabel = "BYTES", description = "Read no more than this of each segment.")
    private long maxBytes = Long.MAX_VALUE;

    @Option(names = "--json", description = "Print one JSON object per line.")
    private boolean json;

    /** Made by picocli. */
    public DumpCommand() {}

    @Override
    public Integer call() {
        CommandSpec command = spec;
        if (command == null) throw new IllegalStateException("picocli has not given the command its spec");
        var options = new DumpOptions(deep, printData, decoder(command), maxBytes);
        PrintWriter out = command.commandLine().getOut();
        PrintWriter err = command.commandLine().getErr();
        boolean whole = dumpAll(new HostDisk(), options, out, err);
        out.flush();
        return whole ? 0 : 1;
    }

    private @Nullable RecordDecoder decoder(CommandSpec command) {
        if (metadataDecoder) return RecordDecoder.METADATA;
        if (offsetsDecoder) return RecordDecoder.OFFSETS;
        if (transactionsDecoder) return RecordDecoder.TRANSACTIONS;
        if (shareDecoder) return RecordDecoder.SHARE;
        if (decode == null) return null;
        try {
            return RecordDecoder.valueOf(decode.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException unknown) {
            throw new ParameterException(
                    command.commandLine(),
                    "--decode " + decode + ": want none, metadata, offsets, transactions or share");
        }
    }

    private boolean dumpAll(Disk disk, DumpOptions options, PrintWriter out, PrintWriter err) {
        FileDump dump = new FileDump(disk, options, new DumpOutput(out, json));
        boolean whole = true;
        for (Path file : files) {
            try {
                for (Path found : expand(disk, file)) whole &= dump.dump(found);
            } catch (NoSuchFileException missing) {
                err.println(file + " does not exist");
                whole = false;
            } catch (IOException | IllegalArgumentException unreadable) {
                err.println(unreadable.getMessage());
                whole = false;
            }
        }
        return whole;
    }

    private static List<Path> expand(Disk disk, Path file) throws IOException {
        if (!disk.isDirectory(file)) return List.of(file);
        List<Path> found = new ArrayList<>();
        for (String name : disk.list(file)) {
            Path child = file.resolve(name);
            if (!disk.isDirectory(child) && FileDump.isKnown(child)) found.add(child);
        }
        return found;
    }
}
