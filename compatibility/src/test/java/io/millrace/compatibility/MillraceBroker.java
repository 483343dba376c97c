package io.millrace.compatibility;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Our broker, started as README says: by the launcher of this checkout, or by {@code -Dmillrace.compat.program}. */
record MillraceBroker() implements BrokerKind {
    /** The launcher. */
    static final String PROGRAM = System.getProperty(
            "millrace.compat.program", Checkout.ROOT.resolve("millrace").toString());

    @Override
    public List<String> prepare(Path data, int port, List<String> settings) {
        var command =
                new ArrayList<>(List.of(PROGRAM, "start", "--listen", "127.0.0.1:" + port, "--data", data.toString()));
        for (String setting : settings) {
            command.add("--set");
            command.add(setting);
        }
        return command;
    }

    @Override
    public Path logs(Path data) {
        return data;
    }

    @Override
    public boolean saysReady(String line) {
        return line.startsWith("Millrace ") && line.contains(" ready in ");
    }
}
