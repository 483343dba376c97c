package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.CreateAclsRequest;
import io.millrace.protocol.messages.CreateAclsResponse;
import io.millrace.protocol.messages.DeleteAclsRequest;
import io.millrace.protocol.messages.DeleteAclsResponse;
import io.millrace.protocol.messages.DescribeAclsRequest;
import io.millrace.protocol.messages.DescribeAclsResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AclAdminTest {
    private static final Acl READS = new Acl(
            Acl.ResourceType.TOPIC,
            "orders",
            Acl.PatternType.PREFIXED,
            "User:alice",
            "*",
            Acl.Operation.READ,
            Acl.Permission.ALLOW);
    private static final Acl WRITES = new Acl(
            Acl.ResourceType.TOPIC,
            "orders",
            Acl.PatternType.LITERAL,
            "User:bob",
            "10.0.0.1",
            Acl.Operation.WRITE,
            Acl.Permission.DENY);

    private ScriptedNode node;
    private Admin admin;

    @BeforeEach
    void begin() throws IOException {
        node = new ScriptedNode();
        admin = Admin.of(List.of(node.address()), new AdminOptions("test", 20_000, 20_000));
    }

    @AfterEach
    void end() throws IOException {
        admin.close();
        node.close();
    }

    @Test
    void aclsAreToldAsTheyAreAndWhatIsNotKnownAsUnknown() {
        node.answers(
                ApiKey.DESCRIBE_ACLS,
                request -> DescribeAclsResponse.builder()
                        .resources(List.of(
                                new DescribeAclsResponse.DescribeAclsResource(
                                        (byte) 2,
                                        "orders",
                                        (byte) 4,
                                        List.of(new DescribeAclsResponse.AclDescription(
                                                "User:alice", "*", (byte) 3, (byte) 3))),
                                new DescribeAclsResponse.DescribeAclsResource(
                                        (byte) 99,
                                        "x",
                                        (byte) -1,
                                        List.of(new DescribeAclsResponse.AclDescription(
                                                "User:y", "*", (byte) 1, (byte) 100)))))
                        .build());
        List<Acl> acls = admin.acls().describe(Acl.Filter.ALL);
        var unknown = new Acl(
                Acl.ResourceType.UNKNOWN,
                "x",
                Acl.PatternType.UNKNOWN,
                "User:y",
                "*",
                Acl.Operation.UNKNOWN,
                Acl.Permission.UNKNOWN);
        assertEquals(List.of(READS, unknown), acls);
        var asked = (DescribeAclsRequest)
                node.received(ApiKey.DESCRIBE_ACLS).getFirst().request();
        assertEquals(1, asked.resourceTypeFilter());
        assertEquals(1, asked.patternTypeFilter());
        assertEquals(1, asked.operation());
        assertEquals(1, asked.permissionType());
    }

    @Test
    void aClusterWithoutAnAuthorizerRefuses() {
        node.answers(
                ApiKey.DESCRIBE_ACLS,
                request -> DescribeAclsResponse.builder()
                        .errorCode(ErrorCode.SECURITY_DISABLED.code())
                        .errorMessage("none is configured")
                        .build());
        var refused =
                assertThrows(ClientFailure.Refused.class, () -> admin.acls().describe(READS.toFilter()));
        assertEquals("none is configured (SECURITY_DISABLED)", refused.sentence());
    }

    @Test
    void eachAclThatIsCreatedHasAnOutcomeOfItsOwn() {
        node.answers(
                ApiKey.CREATE_ACLS,
                request -> CreateAclsResponse.builder()
                        .results(List.of(
                                new CreateAclsResponse.AclCreationResult((short) 0, null),
                                new CreateAclsResponse.AclCreationResult(ErrorCode.INVALID_REQUEST.code(), "no host")))
                        .build());
        var outcomes = admin.acls().create(List.of(READS, WRITES, READS));
        assertEquals(
                Map.of(
                        READS,
                        new Answer.Granted<>(READS),
                        WRITES,
                        new Answer.Refused<Acl>(ErrorCode.INVALID_REQUEST, "no host (INVALID_REQUEST)")),
                outcomes);
        var asked =
                (CreateAclsRequest) node.received(ApiKey.CREATE_ACLS).getFirst().request();
        assertEquals(
                List.of(
                        new CreateAclsRequest.AclCreation(
                                (byte) 2, "orders", (byte) 4, "User:alice", "*", (byte) 3, (byte) 3),
                        new CreateAclsRequest.AclCreation(
                                (byte) 2, "orders", (byte) 3, "User:bob", "10.0.0.1", (byte) 4, (byte) 2)),
                asked.creations());
    }

    @Test
    void whatAFilterHasDeletedIsTold() {
        node.answers(
                ApiKey.DELETE_ACLS,
                request -> DeleteAclsResponse.builder()
                        .filterResults(List.of(new DeleteAclsResponse.DeleteAclsFilterResult(
                                (short) 0,
                                null,
                                List.of(new DeleteAclsResponse.DeleteAclsMatchingAcl(
                                        (short) 0,
                                        null,
                                        (byte) 2,
                                        "orders",
                                        (byte) 3,
                                        "User:bob",
                                        "10.0.0.1",
                                        (byte) 4,
                                        (byte) 2)))))
                        .build());
        Acl.Filter other = READS.toFilter();
        var outcomes = admin.acls().delete(List.of(WRITES.toFilter(), other));
        assertEquals(
                new Answer.Granted<>(Map.of(WRITES, new Answer.Granted<>(WRITES))), outcomes.get(WRITES.toFilter()));
        assertEquals(TopicAdmin.unanswered(), outcomes.get(other));
        var asked =
                (DeleteAclsRequest) node.received(ApiKey.DELETE_ACLS).getFirst().request();
        assertEquals("orders", asked.filters().getFirst().resourceNameFilter());
    }

    @Test
    void anAclIsForOneKindOfResourceAndOneOperation() {
        for (Acl.PatternType each : List.of(Acl.PatternType.ANY, Acl.PatternType.MATCH))
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new Acl(
                            Acl.ResourceType.TOPIC,
                            "t",
                            each,
                            "User:a",
                            "*",
                            Acl.Operation.READ,
                            Acl.Permission.ALLOW));
        assertThrows(
                IllegalArgumentException.class,
                () -> new Acl(
                        Acl.ResourceType.ANY,
                        "t",
                        Acl.PatternType.LITERAL,
                        "User:a",
                        "*",
                        Acl.Operation.READ,
                        Acl.Permission.ALLOW));
    }
}
