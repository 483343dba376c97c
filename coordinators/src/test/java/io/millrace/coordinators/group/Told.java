package io.millrace.coordinators.group;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What one request was told, once it was told anything. */
final class Told<T> implements Consumer<T> {
    private @Nullable T response;

    @Override
    public void accept(T told) {
        assertFalse(isTold(), "a second answer: " + told);
        response = told;
    }

    boolean isTold() {
        return response != null;
    }

    T response() {
        return Objects.requireNonNull(response, "not answered yet");
    }
}
