package io.millrace.client.transaction.run;

import io.millrace.client.transaction.TransactionTrouble;
import org.jspecify.annotations.Nullable;

/** Is told, on the lane, what came of a command. */
@FunctionalInterface
public interface CommandEnd {
    /** It is done, or cannot be, for this reason. */
    void ended(@Nullable TransactionTrouble trouble);
}
