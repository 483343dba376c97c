package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.tools.ToolProvider;

/**
 * A program of {@code clients/java} on our own client, as an application would have it: compiled against the jar of our program, once for
 * all its starts.
 *
 * @param name of its class and its source
 * @param classes where it was compiled to
 */
record OwnProgram(String name, Path classes) {
    private static final String JAR =
            Checkout.ROOT.resolve("cli/target/millrace.jar").toString();

    /** Compiles it into a directory. */
    static OwnProgram compiled(String name, Path classes) {
        Path source = Checkout.ROOM.resolve("clients/java").resolve(name + ".java");
        var compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "tests run on a JDK");
        var complaints = new ByteArrayOutputStream();
        int status = compiler.run(null, null, complaints, "-cp", JAR, "-d", classes.toString(), source.toString());
        assertEquals(0, status, () -> source + ":\n" + complaints.toString(StandardCharsets.UTF_8));
        return new OwnProgram(name, classes);
    }

    /** The command that runs it. */
    List<String> command(List<String> arguments) {
        List<String> command = new ArrayList<>(Checkout.java("256m"));
        command.addAll(List.of("-cp", JAR + ":" + classes, name));
        command.addAll(arguments);
        return command;
    }
}
