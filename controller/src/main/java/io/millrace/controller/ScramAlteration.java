package io.millrace.controller;

import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.SecurityImage.ScramUser;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterUserScramCredentialsRequest;
import io.millrace.protocol.messages.AlterUserScramCredentialsRequest.ScramCredentialDeletion;
import io.millrace.protocol.messages.AlterUserScramCredentialsRequest.ScramCredentialUpsertion;
import io.millrace.protocol.messages.AlterUserScramCredentialsResponse;
import io.millrace.protocol.messages.AlterUserScramCredentialsResponse.AlterUserScramCredentialsResult;
import io.millrace.protocol.messages.RemoveUserScramCredentialRecord;
import io.millrace.protocol.messages.UserScramCredentialRecord;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * AlterUserScramCredentials (KIP-554): passwords of users, of which only what RFC 5802 lets a server keep is written down. Each user succeeds or fails as a whole, and
 * by itself.
 */
final class ScramAlteration {
    private static final int MIN_ITERATIONS = 4_096;
    private static final int MAX_ITERATIONS = 16_384;

    /** The mechanisms, by the numbers of the protocol. */
    private enum Mechanism {
        SHA_256(1, "HmacSHA256", "SHA-256"),
        SHA_512(2, "HmacSHA512", "SHA-512");

        private final byte number;
        private final String mac;
        private final String digest;

        Mechanism(int number, String mac, String digest) {
            this.number = (byte) number;
            this.mac = mac;
            this.digest = digest;
        }

        static Optional<Mechanism> of(byte number) {
            for (Mechanism each : values()) if (each.number == number) return Optional.of(each);
            return Optional.empty();
        }
    }

    private final MetadataImage image;
    private final Map<String, Refusal> refusals = new LinkedHashMap<>();

    ScramAlteration(MetadataImage image) {
        this.image = image;
    }

    Decision<AlterUserScramCredentialsResponse> handle(AlterUserScramCredentialsRequest request) {
        Set<String> named = new HashSet<>();
        Map<ScramUser, ScramCredentialDeletion> deletions = new LinkedHashMap<>();
        for (ScramCredentialDeletion each : request.deletions()) {
            ScramUser user = new ScramUser(each.mechanism(), each.name());
            refuse(each.name(), named.add(each.name()) ? refusal(user) : duplicate());
            deletions.put(user, each);
        }
        Map<ScramUser, ScramCredentialUpsertion> upsertions = new LinkedHashMap<>();
        for (ScramCredentialUpsertion each : request.upsertions()) {
            ScramUser user = new ScramUser(each.mechanism(), each.name());
            refuse(each.name(), named.add(each.name()) ? refusal(each) : duplicate());
            upsertions.put(user, each);
        }
        List<VersionedRecord> records = new ArrayList<>();
        Map<String, @Nullable Refusal> outcomes = new LinkedHashMap<>();
        deletions.keySet().forEach(user -> {
            outcomes.put(user.name(), refusals.get(user.name()));
            if (!refusals.containsKey(user.name())) records.add(removal(user));
        });
        upsertions.forEach((user, upsertion) -> {
            outcomes.put(user.name(), refusals.get(user.name()));
            if (!refusals.containsKey(user.name())) records.add(credential(upsertion));
        });
        if (records.size() > Decision.MAX_RECORDS_PER_USER_OPERATION) {
            outcomes.replaceAll((user, refusal) ->
                    new Refusal(ErrorCode.POLICY_VIOLATION, "Unable to perform excessively large batch operation."));
            records.clear();
        }
        List<AlterUserScramCredentialsResult> results = new ArrayList<>();
        outcomes.forEach((user, refusal) -> results.add(result(user, refusal)));
        return Decision.atomic(
                records,
                AlterUserScramCredentialsResponse.builder().results(results).build());
    }

    /** The first reason counts. */
    private void refuse(String user, @Nullable Refusal refusal) {
        if (refusal != null) refusals.putIfAbsent(user, refusal);
    }

    private static Refusal duplicate() {
        return new Refusal(
                ErrorCode.DUPLICATE_RESOURCE, "A user credential cannot be altered twice in the same request");
    }

    private static Refusal unknownMechanism() {
        return new Refusal(ErrorCode.UNSUPPORTED_SASL_MECHANISM, "Unknown SCRAM mechanism");
    }

    private @Nullable Refusal levelRefusal() {
        if (image.features().metadataVersion().hasScram()) return null;
        return new Refusal(ErrorCode.UNSUPPORTED_VERSION, "The current metadata version does not support SCRAM");
    }

    private @Nullable Refusal refusal(ScramUser user) {
        Refusal level = levelRefusal();
        if (level != null) return level;
        if (user.name().isEmpty()) return new Refusal(ErrorCode.UNACCEPTABLE_CREDENTIAL, "Username must not be empty");
        if (Mechanism.of(user.mechanism()).isEmpty()) return unknownMechanism();
        if (image.security().scramCredentials().contains(user)) return null;
        return new Refusal(ErrorCode.RESOURCE_NOT_FOUND, "Attempt to delete a user credential that does not exist");
    }

    private @Nullable Refusal refusal(ScramCredentialUpsertion upsertion) {
        Refusal level = levelRefusal();
        if (level != null) return level;
        if (upsertion.name().isEmpty())
            return new Refusal(ErrorCode.UNACCEPTABLE_CREDENTIAL, "Username must not be empty");
        if (Mechanism.of(upsertion.mechanism()).isEmpty()) return unknownMechanism();
        if (upsertion.iterations() < MIN_ITERATIONS)
            return new Refusal(ErrorCode.UNACCEPTABLE_CREDENTIAL, "Too few iterations");
        if (upsertion.iterations() > MAX_ITERATIONS)
            return new Refusal(ErrorCode.UNACCEPTABLE_CREDENTIAL, "Too many iterations");
        if (upsertion.saltedPassword().length == 0)
            return new Refusal(ErrorCode.UNACCEPTABLE_CREDENTIAL, "Empty salted password"); // no key for the code below
        return null;
    }

    private static VersionedRecord removal(ScramUser user) {
        return VersionedRecord.v0(RemoveUserScramCredentialRecord.builder()
                .name(user.name())
                .mechanism(user.mechanism())
                .build());
    }

    /** RFC 5802, section 3: StoredKey is the digest of ClientKey, and neither key leads back to the password. */
    private static VersionedRecord credential(ScramCredentialUpsertion upsertion) {
        Mechanism mechanism = Mechanism.of(upsertion.mechanism())
                .orElseThrow(() -> new IllegalStateException("mechanism " + upsertion.mechanism() + " was checked"));
        try {
            byte[] clientKey = keyed(mechanism, upsertion.saltedPassword(), "Client Key");
            return VersionedRecord.v0(UserScramCredentialRecord.builder()
                    .name(upsertion.name())
                    .mechanism(upsertion.mechanism())
                    .salt(upsertion.salt())
                    .storedKey(MessageDigest.getInstance(mechanism.digest).digest(clientKey))
                    .serverKey(keyed(mechanism, upsertion.saltedPassword(), "Server Key"))
                    .iterations(upsertion.iterations())
                    .build());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + mechanism.mac + " and " + mechanism.digest, e);
        }
    }

    private static byte[] keyed(Mechanism mechanism, byte[] key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance(mechanism.mac);
        mac.init(new SecretKeySpec(key, mechanism.mac));
        return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    }

    private static AlterUserScramCredentialsResult result(String user, @Nullable Refusal refusal) {
        return AlterUserScramCredentialsResult.builder()
                .user(user)
                .errorCode(
                        refusal == null
                                ? ErrorCode.NONE.code()
                                : refusal.error().code())
                .errorMessage(refusal == null ? null : refusal.message())
                .build();
    }
}
