package io.millrace.controller;

import io.millrace.metadata.SecurityImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AccessControlEntryRecord;
import io.millrace.protocol.messages.CreateAclsRequest;
import io.millrace.protocol.messages.CreateAclsRequest.AclCreation;
import io.millrace.protocol.messages.CreateAclsResponse;
import io.millrace.protocol.messages.CreateAclsResponse.AclCreationResult;
import io.millrace.protocol.messages.DeleteAclsRequest;
import io.millrace.protocol.messages.DeleteAclsRequest.DeleteAclsFilter;
import io.millrace.protocol.messages.DeleteAclsResponse;
import io.millrace.protocol.messages.DeleteAclsResponse.DeleteAclsFilterResult;
import io.millrace.protocol.messages.DeleteAclsResponse.DeleteAclsMatchingAcl;
import io.millrace.protocol.messages.RemoveAccessControlEntryRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * CreateAcls and DeleteAcls (KIP-140, 290, 801): what is written down of them. Each creation and each filter succeeds or fails by itself. Deciding an ACL enforces
 * nothing; whoever serves this has to.
 */
final class AclAlteration {
    private final SecurityImage security;

    AclAlteration(SecurityImage security) {
        this.security = security;
    }

    /** An entry without the id under which it is kept. */
    private record Rule(
            byte resourceType,
            String resourceName,
            byte patternType,
            String principal,
            String host,
            byte operation,
            byte permissionType) {
        static Rule of(AclCreation creation) {
            return new Rule(
                    creation.resourceType(),
                    creation.resourceName(),
                    creation.resourcePatternType(),
                    creation.principal(),
                    creation.host(),
                    creation.operation(),
                    creation.permissionType());
        }

        static Rule of(AccessControlEntryRecord acl) {
            return new Rule(
                    acl.resourceType(),
                    acl.resourceName(),
                    acl.patternType(),
                    acl.principal(),
                    acl.host(),
                    acl.operation(),
                    acl.permissionType());
        }

        VersionedRecord record(Uuid id) {
            return VersionedRecord.v0(AccessControlEntryRecord.builder()
                    .id(id)
                    .resourceType(resourceType)
                    .resourceName(resourceName)
                    .patternType(patternType)
                    .principal(principal)
                    .host(host)
                    .operation(operation)
                    .permissionType(permissionType)
                    .build());
        }
    }

    Decision<CreateAclsResponse> create(CreateAclsRequest request, Draws draws) {
        Set<Rule> present = new HashSet<>();
        security.acls().forEach((id, acl) -> present.add(Rule.of(acl)));
        List<VersionedRecord> records = new ArrayList<>();
        List<AclCreationResult> results = new ArrayList<>();
        for (AclCreation creation : request.creations()) {
            Refusal refusal = refusal(creation);
            Rule rule = Rule.of(creation);
            if (refusal == null && present.add(rule)) records.add(rule.record(freshId(draws)));
            results.add(AclCreationResult.builder()
                    .errorCode(
                            refusal == null
                                    ? ErrorCode.NONE.code()
                                    : refusal.error().code())
                    .errorMessage(refusal == null ? null : refusal.message())
                    .build());
        }
        if (records.size() > Decision.MAX_RECORDS_PER_USER_OPERATION) {
            records.clear();
            results.replaceAll(result -> AclCreationResult.builder()
                    .errorCode(ErrorCode.POLICY_VIOLATION.code())
                    .errorMessage("Unable to perform excessively large batch operation.")
                    .build());
        }
        return Decision.atomic(
                records, CreateAclsResponse.builder().results(results).build());
    }

    private Uuid freshId(Draws draws) {
        Uuid id = draws.nextUuid();
        while (security.acls().contains(id)) id = draws.nextUuid();
        return id;
    }

    private static @Nullable Refusal refusal(AclCreation creation) {
        if (creation.resourceType() <= AclCodes.ANY || creation.resourceType() > AclCodes.LAST_RESOURCE_TYPE)
            return Refusal.invalidRequest("Invalid resourceType " + AclCodes.resourceType(creation.resourceType()));
        if (creation.resourcePatternType() != AclCodes.LITERAL && creation.resourcePatternType() != AclCodes.PREFIXED)
            return Refusal.invalidRequest(
                    "Invalid patternType " + AclCodes.patternType(creation.resourcePatternType()));
        if (creation.operation() <= AclCodes.ANY || creation.operation() > AclCodes.LAST_OPERATION)
            return Refusal.invalidRequest("Invalid operation " + AclCodes.operation(creation.operation()));
        if (creation.permissionType() != AclCodes.DENY && creation.permissionType() != AclCodes.ALLOW)
            return Refusal.invalidRequest(
                    "Invalid permissionType " + AclCodes.permissionType(creation.permissionType()));
        if (creation.resourceName().isEmpty()) return Refusal.invalidRequest("Resource name should not be empty");
        if (creation.principal().indexOf(':') < 0)
            return Refusal.invalidRequest("Could not parse principal from `" + creation.principal()
                    + "` (no colon is present separating the principal type from the principal name)");
        return null;
    }

    Decision<DeleteAclsResponse> delete(DeleteAclsRequest request) {
        List<AccessControlEntryRecord> acls = security.acls().valuesInOrder();
        List<VersionedRecord> records = new ArrayList<>();
        Set<Uuid> removed = new HashSet<>();
        List<DeleteAclsFilterResult> results = new ArrayList<>();
        for (DeleteAclsFilter filter : request.filters()) {
            Refusal refusal = refusal(filter);
            List<DeleteAclsMatchingAcl> matching = new ArrayList<>();
            if (refusal == null)
                for (AccessControlEntryRecord acl : acls) {
                    if (!matches(filter, acl)) continue;
                    matching.add(matching(acl));
                    if (removed.add(acl.id()))
                        records.add(VersionedRecord.v0(RemoveAccessControlEntryRecord.builder()
                                .id(acl.id())
                                .build()));
                }
            results.add(DeleteAclsFilterResult.builder()
                    .errorCode(
                            refusal == null
                                    ? ErrorCode.NONE.code()
                                    : refusal.error().code())
                    .errorMessage(refusal == null ? null : refusal.message())
                    .matchingAcls(matching)
                    .build());
        }
        if (records.size() > Decision.MAX_RECORDS_PER_USER_OPERATION) {
            records.clear();
            results.replaceAll(result -> DeleteAclsFilterResult.builder()
                    .errorCode(ErrorCode.POLICY_VIOLATION.code())
                    .errorMessage("Unable to perform excessively large batch operation.")
                    .build());
        }
        return Decision.atomic(
                records, DeleteAclsResponse.builder().filterResults(results).build());
    }

    private static @Nullable Refusal refusal(DeleteAclsFilter filter) {
        if (AclCodes.isUnknownResourceType(filter.resourceTypeFilter())
                || AclCodes.isUnknownPatternType(filter.patternTypeFilter()))
            return Refusal.invalidRequest("Unknown patternFilter.");
        if (AclCodes.isUnknownOperation(filter.operation())
                || AclCodes.isUnknownPermissionType(filter.permissionType()))
            return Refusal.invalidRequest("Unknown entryFilter.");
        return null;
    }

    private static boolean matches(DeleteAclsFilter filter, AccessControlEntryRecord acl) {
        return (filter.resourceTypeFilter() == AclCodes.ANY || filter.resourceTypeFilter() == acl.resourceType())
                && matchesName(filter, acl)
                && (filter.principalFilter() == null || filter.principalFilter().equals(acl.principal()))
                && (filter.hostFilter() == null || filter.hostFilter().equals(acl.host()))
                && (filter.operation() == AclCodes.ANY || filter.operation() == acl.operation())
                && (filter.permissionType() == AclCodes.ANY || filter.permissionType() == acl.permissionType());
    }

    /** MATCH finds whatever would apply to the name: its literal, the wildcard, and prefixes of it (KIP-290). */
    private static boolean matchesName(DeleteAclsFilter filter, AccessControlEntryRecord acl) {
        byte pattern = filter.patternTypeFilter();
        if (pattern != AclCodes.ANY && pattern != AclCodes.MATCH && pattern != acl.patternType()) return false;
        String name = filter.resourceNameFilter();
        if (name == null || name.equals(acl.resourceName())) return true;
        if (pattern != AclCodes.MATCH) return false;
        return acl.patternType() == AclCodes.PREFIXED
                ? name.startsWith(acl.resourceName())
                : acl.resourceName().equals(AclCodes.WILDCARD);
    }

    private static DeleteAclsMatchingAcl matching(AccessControlEntryRecord acl) {
        return DeleteAclsMatchingAcl.builder()
                .errorMessage(null)
                .resourceType(acl.resourceType())
                .resourceName(acl.resourceName())
                .patternType(acl.patternType())
                .principal(acl.principal())
                .host(acl.host())
                .operation(acl.operation())
                .permissionType(acl.permissionType())
                .build();
    }
}
