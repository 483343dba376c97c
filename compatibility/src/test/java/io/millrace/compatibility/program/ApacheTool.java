package io.millrace.compatibility.program;

import java.util.Arrays;
import java.util.List;

/**
 * Runs one of Apache's tools several times in one process: {@code CLASS ARGUMENTS -- ARGUMENTS -- ...}, each announced by a
 * line {@code ==== NUMBER}. A tool that throws, or ends the process with another status than 0, fails.
 */
public final class ApacheTool {
    private ApacheTool() {}

    public static void main(String[] args) throws Exception {
        var tool = Class.forName(args[0]).getMethod("main", String[].class);
        List<String> rest = Arrays.asList(args).subList(1, args.length);
        for (int from = 0, run = 0; from <= rest.size(); run++) {
            int until = from + rest.subList(from, rest.size()).indexOf("--");
            if (until < from) until = rest.size();
            System.out.println("==== " + run);
            tool.invoke(null, (Object) rest.subList(from, until).toArray(String[]::new));
            from = until + 1;
        }
    }
}
