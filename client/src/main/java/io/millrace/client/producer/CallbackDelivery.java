package io.millrace.client.producer;

/** A record whose sender wants to be called. */
final class CallbackDelivery extends Delivery {
    private static final System.Logger LOG = System.getLogger(CallbackDelivery.class.getName());

    private final SendCallback callback;

    CallbackDelivery(
            BatchOutcome batch, int place, long timestamp, int keyBytes, int valueBytes, SendCallback callback) {
        super(batch, place, timestamp, keyBytes, valueBytes);
        this.callback = callback;
    }

    /** Tells the application; what it throws concerns nobody else. */
    void call() {
        SendFailure failure = failure();
        try {
            callback.onCompletion(failure == null ? metadata() : null, failure);
        } catch (RuntimeException | Error thrown) {
            LOG.log(System.Logger.Level.WARNING, "a callback of the application threw", thrown);
        }
    }
}
