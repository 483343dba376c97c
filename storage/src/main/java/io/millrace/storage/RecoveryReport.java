package io.millrace.storage;

import java.util.List;

/**
 * What opening a log found and did.
 *
 * @param wasClean        whether the directory was closed cleanly, so that nothing was scanned
 * @param segmentsScanned segments read through with their CRCs
 * @param bytesScanned    bytes of these
 * @param bytesCut        bytes behind the recovery point that were not whole batches, and were cut
 * @param notes           one sentence for each thing that was put right
 */
public record RecoveryReport(
        boolean wasClean, int segmentsScanned, long bytesScanned, long bytesCut, List<String> notes) {}
