package io.millrace.cli.consume;

import io.millrace.client.consumer.ConsumerRecord;
import java.io.IOException;
import java.io.OutputStream;

/** How a record is printed. */
@FunctionalInterface
public interface RecordText {
    /** Writes it, with whatever ends it. */
    void write(ConsumerRecord<byte[], byte[]> record, OutputStream out) throws IOException;
}
