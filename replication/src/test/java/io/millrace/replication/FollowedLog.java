package io.millrace.replication;

import io.millrace.replication.ModelLog.Entry;

/** Builds logs of which only the epochs matter. */
final class FollowedLog {
    private FollowedLog() {}

    /** A log of records of these epochs, from offset 0. */
    static ModelLog of(int... epochs) {
        ModelLog log = new ModelLog();
        for (int epoch : epochs) log.append(new Entry(epoch, 0));
        return log;
    }
}
