package io.millrace.metadata.config;

/** What a text turned out to be as the value of a property. */
public sealed interface ConfigCheck {
    /**
     * A good value.
     *
     * @param canonical the value as Kafka shows it: trimmed, numbers without leading {@code +}, lists without blanks and repetitions
     */
    record Valid(String canonical) implements ConfigCheck {}

    /**
     * A bad value.
     *
     * @param message one sentence, in Kafka's wording, that names the value and the property
     */
    record Invalid(String message) implements ConfigCheck {}
}
