package io.millrace.client.consumer;

import io.millrace.client.cluster.ClusterView;
import io.millrace.client.fetching.run.FetcherLane;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What the lane has to tell of the cluster, for the thread that uses a consumer and for the log. */
final class ClusterNews implements FetcherLane.Listener {
    private static final System.Logger LOG = System.getLogger(Consumer.class.getName());
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final String clientId;
    private final Mailbox mailbox;
    private volatile ClusterView view = ClusterView.EMPTY;
    private volatile String lastTrouble = "";
    private volatile @Nullable String refusal;
    private long quietUntilNanos = System.nanoTime();

    ClusterNews(String clientId, Mailbox mailbox) {
        this.clientId = clientId;
        this.mailbox = mailbox;
    }

    ClusterView view() {
        return view;
    }

    /** The end of a sentence about something that did not happen. */
    String trouble() {
        return lastTrouble.isEmpty() ? "" : "; last trouble: " + lastTrouble;
    }

    /** Why a broker did not let this client in, since the last time that was asked; null if none said so. */
    @Nullable
    String takeRefusal() {
        String said = refusal;
        if (said != null) refusal = null;
        return said;
    }

    @Override
    public void onLoginRefused(String sentence) {
        refusal = sentence;
        mailbox.tell();
    }

    @Override
    public void onView(ClusterView fresh) {
        view = fresh;
        mailbox.tell();
    }

    @Override
    public void onTrouble(String sentence) {
        lastTrouble = sentence;
        if (System.nanoTime() - quietUntilNanos < 0) return;
        quietUntilNanos = System.nanoTime() + QUIET_NANOS;
        LOG.log(System.Logger.Level.WARNING, clientId + ": " + sentence);
    }
}
