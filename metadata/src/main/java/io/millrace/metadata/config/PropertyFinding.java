package io.millrace.metadata.config;

import java.util.Optional;

/** Something wrong with one of a server's properties. */
public sealed interface PropertyFinding {
    /** The property, as it was written. */
    String name();

    /** One sentence for whoever wrote the property. */
    String message();

    /**
     * No property has this name.
     *
     * @param nearest a known name that may have been meant
     */
    record Unknown(String name, Optional<String> nearest) implements PropertyFinding {
        @Override
        public String message() {
            return "Unknown property " + name
                    + nearest.map(known -> "; did you mean " + known + "?").orElse("");
        }
    }

    /** The property exists, and its value is not one it takes. */
    record BadValue(String name, String message) implements PropertyFinding {}
}
