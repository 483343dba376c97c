package io.millrace.client.producer;

import io.millrace.client.facade.CallbackThread;

/** The owner of outcomes that are of no batch. */
enum NobodyOwns implements BatchOutcome.Owner {
    /** The one there is. */
    IT;

    @Override
    public void opened(BatchOutcome batch) {}

    @Override
    public void released(byte[] memory) {}

    @Override
    public void ended(BatchOutcome batch) {}

    @Override
    public CallbackThread callbacks() {
        throw new IllegalStateException("no batch, no callbacks");
    }

    @Override
    public PackingPlaces packing() {
        throw new IllegalStateException("no batch, nothing to pack");
    }
}
