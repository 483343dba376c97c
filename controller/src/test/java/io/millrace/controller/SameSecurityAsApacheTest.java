package io.millrace.controller;

import io.millrace.protocol.messages.AlterClientQuotasRequest;
import io.millrace.protocol.messages.AlterClientQuotasRequest.EntityData;
import io.millrace.protocol.messages.AlterClientQuotasRequest.EntryData;
import io.millrace.protocol.messages.AlterClientQuotasRequest.OpData;
import io.millrace.protocol.messages.AlterUserScramCredentialsRequest;
import io.millrace.protocol.messages.AlterUserScramCredentialsRequest.ScramCredentialDeletion;
import io.millrace.protocol.messages.AlterUserScramCredentialsRequest.ScramCredentialUpsertion;
import io.millrace.protocol.messages.CreateAclsRequest;
import io.millrace.protocol.messages.CreateAclsRequest.AclCreation;
import io.millrace.protocol.messages.DeleteAclsRequest;
import io.millrace.protocol.messages.DeleteAclsRequest.DeleteAclsFilter;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Quotas, passwords and ACLs, asked of our controller and of Apache Kafka 4.4.0's: every answer and every metadata record is the same. */
class SameSecurityAsApacheTest {
    private static final int STORIES = 20;
    private static final int STEPS = 60;

    @Test
    void quotasArePutDownTheSame() {
        Property.check(STORIES, random -> {
            try (Twins twins = new Twins(random, Map.of())) {
                for (int step = 0; step < STEPS; step++) new SecurityTwins(twins).alterQuotas(quotas(random));
            }
        });
    }

    private static AlterClientQuotasRequest quotas(SeededRandom random) {
        List<EntryData> entries = new ArrayList<>();
        int count = 1 + random.nextInt(3);
        Set<Set<EntityData>> entities = new HashSet<>();
        for (int i = 0; i < count; i++) {
            List<EntityData> parts = new ArrayList<>();
            for (String type : random.shuffled(List.of("user", "client-id", "ip", "group")))
                if (random.chance(type.equals("user") ? 0.7 : type.equals("group") ? 0.05 : 0.3))
                    parts.add(EntityData.builder()
                            .entityType(type)
                            .entityName(
                                    type.equals("ip")
                                            ? address(random)
                                            : random.chance(0.2) ? null : random.pick("a", "b", "a", ""))
                            .build());
            List<OpData> ops = new ArrayList<>();
            List<String> keys = random.shuffled(List.of(
                    "producer_byte_rate",
                    "consumer_byte_rate",
                    "request_percentage",
                    "controller_mutation_rate",
                    "connection_creation_rate",
                    "speed"));
            for (String key : keys.subList(0, random.nextInt(3)))
                ops.add(OpData.builder()
                        .key(key)
                        .value(random.pick(1.0, 100.0, 2.5, 0.0, -1.0, 3e9, 1e19, 1e-7, 5.0000000001))
                        .remove(random.chance(0.3))
                        .build());
            if (entities.add(Set.copyOf(parts)))
                entries.add(EntryData.builder().entity(parts).ops(ops).build());
        }
        return AlterClientQuotasRequest.builder()
                .entries(entries)
                .validateOnly(random.chance(0.1))
                .build();
    }

    private static @Nullable String address(SeededRandom random) {
        return random.chance(0.2) ? null : random.pick("127.0.0.1", "10.0.0.7", "::1", "2001:db8::1", "1.2.3.4.5");
    }

    @Test
    void passwordsArePutDownTheSame() {
        Property.check(STORIES, random -> {
            try (Twins twins = new Twins(random, Map.of())) {
                for (int step = 0; step < STEPS; step++) new SecurityTwins(twins).alterPasswords(passwords(random));
            }
        });
    }

    private static AlterUserScramCredentialsRequest passwords(SeededRandom random) {
        List<ScramCredentialDeletion> deletions = new ArrayList<>();
        List<ScramCredentialUpsertion> upsertions = new ArrayList<>();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            String user = random.pick("alice", "bob", "carol", "dave", "");
            byte mechanism = (byte)
                    (random.chance(0.9)
                            ? 1 + random.nextInt(2)
                            : random.pick(0, 3).byteValue());
            if (random.nextBoolean())
                deletions.add(ScramCredentialDeletion.builder()
                        .name(user)
                        .mechanism(mechanism)
                        .build());
            else
                upsertions.add(ScramCredentialUpsertion.builder()
                        .name(user)
                        .mechanism(mechanism)
                        .iterations(random.pick(4096, 8192, 16384, 4095, 16385, 4096, 4096))
                        .salt(random.bytes(16))
                        .saltedPassword(random.bytes(32))
                        .build());
        }
        return AlterUserScramCredentialsRequest.builder()
                .deletions(deletions)
                .upsertions(upsertions)
                .build();
    }

    @Test
    void aclsArePutDownTheSame() {
        Property.check(STORIES, random -> {
            try (Twins twins = new Twins(random, Map.of())) {
                SecurityTwins both = new SecurityTwins(twins);
                for (int step = 0; step < STEPS; step++) {
                    if (random.chance(0.7)) both.createAcls(creations(random), TestCluster.drawsFrom(random));
                    else both.deleteAcls(filters(random));
                }
            }
        });
    }

    private static CreateAclsRequest creations(SeededRandom random) {
        List<AclCreation> creations = new ArrayList<>();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++)
            creations.add(AclCreation.builder()
                    .resourceType(random.pick(2, 2, 3, 4, 7, 0, 9).byteValue())
                    .resourceName(random.pick("a", "ab", "*", "b", ""))
                    .resourcePatternType(random.pick(3, 3, 4, 4, 0).byteValue())
                    .principal(random.pick("User:a", "User:b", "User:*", "nobody"))
                    .host(random.pick("*", "10.0.0.1"))
                    .operation(random.pick(2, 3, 4, 15, 0).byteValue())
                    .permissionType(random.pick(2, 3, 3, 0).byteValue())
                    .build());
        return CreateAclsRequest.builder().creations(creations).build();
    }

    private static DeleteAclsRequest filters(SeededRandom random) {
        List<DeleteAclsFilter> filters = new ArrayList<>();
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++)
            filters.add(DeleteAclsFilter.builder()
                    .resourceTypeFilter(random.pick(1, 2, 2, 3).byteValue())
                    .resourceNameFilter(random.chance(0.2) ? null : random.pick("a", "ab", "abc", "*"))
                    .patternTypeFilter(random.pick(1, 2, 2, 3, 4).byteValue())
                    .principalFilter(random.nextBoolean() ? null : "User:a")
                    .hostFilter(random.nextBoolean() ? null : "*")
                    .operation(random.pick(1, 1, 3).byteValue())
                    .permissionType(random.pick(1, 1, 2).byteValue())
                    .build());
        return DeleteAclsRequest.builder().filters(filters).build();
    }
}
