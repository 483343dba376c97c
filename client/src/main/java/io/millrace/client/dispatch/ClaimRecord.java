package io.millrace.client.dispatch;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a record of a topic of claims says.
 *
 * <pre>
 * key    CLAIM_ID BUSINESS_KEY
 * value  P EXPIRES_AT   somebody is about it (Processing); milliseconds since 1970
 *        D EXPIRES_AT   done
 *        none           the claim is given back
 * </pre>
 */
public sealed interface ClaimRecord {
    /** The longest claim id, in characters. */
    int MOST_ID_CHARS = 64;

    /** The business key, which may have spaces. */
    String businessKey();

    /** Whose word it is: 1 to {@link #MOST_ID_CHARS} characters, none of them a space. */
    String claimId();

    /** Somebody is about it until then. */
    record Processing(String businessKey, String claimId, long expiresAtMs) implements ClaimRecord {}

    /** It is done, and that is known until then. */
    record Done(String businessKey, String claimId, long expiresAtMs) implements ClaimRecord {}

    /** The claim is given back. */
    record Released(String businessKey, String claimId) implements ClaimRecord {}

    /** Reads a record; empty if it is none of these. */
    static Optional<ClaimRecord> of(@Nullable String recordKey, @Nullable String value) {
        int space = recordKey == null ? -1 : recordKey.indexOf(' ');
        if (recordKey == null || space < 1 || space > MOST_ID_CHARS) return Optional.empty();
        String claimId = recordKey.substring(0, space);
        String businessKey = recordKey.substring(space + 1);
        if (value == null) return Optional.of(new Released(businessKey, claimId));
        if (value.length() < 3 || value.charAt(1) != ' ') return Optional.empty();
        long expiresAtMs;
        try {
            expiresAtMs = Long.parseLong(value.substring(2));
        } catch (NumberFormatException notOurs) {
            return Optional.empty();
        }
        return switch (value.charAt(0)) {
            case 'P' -> Optional.of(new Processing(businessKey, claimId, expiresAtMs));
            case 'D' -> Optional.of(new Done(businessKey, claimId, expiresAtMs));
            default -> Optional.empty();
        };
    }

    /** The key of the record; all that one claim says of a business key has the same, so that the last word is kept. */
    default String recordKey() {
        return claimId() + " " + businessKey();
    }

    /** The value of the record; null for none. */
    default @Nullable String value() {
        return switch (this) {
            case Processing processing -> "P " + processing.expiresAtMs();
            case Done done -> "D " + done.expiresAtMs();
            case Released released -> null;
        };
    }
}
