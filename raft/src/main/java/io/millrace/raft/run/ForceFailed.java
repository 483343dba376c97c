package io.millrace.raft.run;

import java.io.IOException;

/** What was written could not be forced: nothing in that directory may be trusted any more, and nothing be tried again. */
final class ForceFailed extends IOException {
    private static final long serialVersionUID = 1L;

    ForceFailed(IOException cause) {
        super(cause.getMessage(), cause);
    }
}
