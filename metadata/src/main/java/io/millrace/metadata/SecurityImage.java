package io.millrace.metadata;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AccessControlEntryRecord;
import io.millrace.protocol.messages.DelegationTokenRecord;
import io.millrace.protocol.messages.UserScramCredentialRecord;
import java.util.function.Consumer;

/**
 * What security keeps in the metadata log, as the records that made it, for whoever interprets it.
 *
 * @param acls             by id
 * @param scramCredentials by mechanism and user
 * @param delegationTokens by token id
 */
public record SecurityImage(
        PersistentMap<Uuid, AccessControlEntryRecord> acls,
        PersistentMap<SecurityImage.ScramUser, UserScramCredentialRecord> scramCredentials,
        PersistentMap<String, DelegationTokenRecord> delegationTokens) {
    static final SecurityImage EMPTY =
            new SecurityImage(PersistentMap.empty(), PersistentMap.empty(), PersistentMap.empty());

    /** A user's credential for one mechanism (1 SCRAM-SHA-256, 2 SCRAM-SHA-512). */
    public record ScramUser(byte mechanism, String name) implements Comparable<ScramUser> {
        @Override
        public int compareTo(ScramUser other) {
            int first = Byte.compare(mechanism, other.mechanism);
            return first != 0 ? first : name.compareTo(other.name);
        }
    }

    SecurityImage withAcls(PersistentMap<Uuid, AccessControlEntryRecord> changed) {
        return new SecurityImage(changed, scramCredentials, delegationTokens);
    }

    SecurityImage withScram(PersistentMap<ScramUser, UserScramCredentialRecord> changed) {
        return new SecurityImage(acls, changed, delegationTokens);
    }

    SecurityImage withTokens(PersistentMap<String, DelegationTokenRecord> changed) {
        return new SecurityImage(acls, scramCredentials, changed);
    }

    void writeTo(Consumer<VersionedRecord> out) {
        for (AccessControlEntryRecord acl : acls.valuesInOrder()) out.accept(VersionedRecord.v0(acl));
        for (UserScramCredentialRecord credential : scramCredentials.valuesInOrder())
            out.accept(VersionedRecord.v0(credential));
        for (DelegationTokenRecord token : delegationTokens.valuesInOrder()) out.accept(VersionedRecord.v0(token));
    }
}
