package io.millrace.cli.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.client.ConfigAdmin;
import io.millrace.client.ConfigEntry;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConfigReportTest {
    private static String printed(ConfigReport report) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        report.print(out);
        out.flush();
        return text.toString();
    }

    @Test
    void eachValueStandsWithWhereItComesFromAndSecretsAreHidden() {
        assertEquals(
                """
                Configuration of broker 1:
                  NAME                   VALUE     SOURCE
                  log.retention.ms       5         all brokers
                  node.id                1         file, read-only
                  ssl.keystore.password  (hidden)  broker
                """,
                printed(new ConfigReport(
                        ConfigAdmin.Kind.BROKER,
                        "1",
                        List.of(
                                new ConfigEntry(
                                        "log.retention.ms",
                                        "5",
                                        ConfigEntry.Source.DYNAMIC_DEFAULT_BROKER_CONFIG,
                                        false,
                                        false),
                                new ConfigEntry("node.id", "1", ConfigEntry.Source.STATIC_BROKER_CONFIG, true, false),
                                new ConfigEntry(
                                        "ssl.keystore.password",
                                        null,
                                        ConfigEntry.Source.DYNAMIC_BROKER_CONFIG,
                                        false,
                                        true)))));
    }

    @Test
    void whereNothingIsSetThatIsSaid() {
        assertEquals(
                "Nothing is set for all brokers.\n", printed(new ConfigReport(ConfigAdmin.Kind.BROKER, "", List.of())));
    }
}
