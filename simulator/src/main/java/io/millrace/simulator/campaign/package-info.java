/**
 * The command behind {@code ./millrace simulate}: tells stories of whole clusters, seed after seed, and keeps a ledger of them. It
 * reads the machine's clock to know when to stop, and nothing else of it; the stories do not see it.
 */
@NullMarked
package io.millrace.simulator.campaign;

import org.jspecify.annotations.NullMarked;
