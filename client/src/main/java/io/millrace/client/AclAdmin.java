package io.millrace.client;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.CreateAclsRequest;
import io.millrace.protocol.messages.CreateAclsResponse;
import io.millrace.protocol.messages.DeleteAclsRequest;
import io.millrace.protocol.messages.DeleteAclsResponse;
import io.millrace.protocol.messages.DescribeAclsRequest;
import io.millrace.protocol.messages.DescribeAclsResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * What an {@link Admin} does with access control lists. A cluster without an authorizer, as Millrace is, refuses all of it with {@link
 * ErrorCode#SECURITY_DISABLED}. Maps it returns have the order of what was asked.
 */
public final class AclAdmin {
    private final Cluster cluster;

    AclAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /**
     * The ACLs there are, in the cluster's order.
     *
     * @throws ClientFailure.Refused if there is no authorizer, or the filter is not valid
     */
    public List<Acl> describe(Acl.Filter filter) {
        var request = DescribeAclsRequest.builder()
                .resourceTypeFilter(filter.resourceType().code())
                .resourceNameFilter(filter.resourceName())
                .patternTypeFilter(filter.patternType().code())
                .principalFilter(filter.principal())
                .hostFilter(filter.host())
                .operation(filter.operation().code())
                .permissionType(filter.permission().code())
                .build();
        var call = Call.of(request, DescribeAclsResponse.class, answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.AnyNode(), call, cluster.deadline());
        if (answer.errorCode() != ErrorCode.NONE.code())
            throw new ClientFailure.Refused(ErrorCode.forCode(answer.errorCode()), answer.errorMessage());
        List<Acl> all = new ArrayList<>();
        for (var resource : answer.resources()) {
            for (var each : resource.acls())
                all.add(acl(
                        resource.resourceType(),
                        resource.resourceName(),
                        resource.patternType(),
                        each.principal(),
                        each.host(),
                        each.operation(),
                        each.permissionType()));
        }
        return all;
    }

    /** Adds ACLs; one that is there already is granted, too. */
    public Map<Acl, Answer<Acl>> create(Collection<Acl> acls) {
        if (acls.isEmpty()) return Map.of();
        List<Acl> wanted = List.copyOf(new LinkedHashSet<>(acls));
        var request = CreateAclsRequest.builder()
                .creations(wanted.stream()
                        .map(each -> CreateAclsRequest.AclCreation.builder()
                                .resourceType(each.resourceType().code())
                                .resourceName(each.resourceName())
                                .resourcePatternType(each.patternType().code())
                                .principal(each.principal())
                                .host(each.host())
                                .operation(each.operation().code())
                                .permissionType(each.permission().code())
                                .build())
                        .toList())
                .build();
        var call = Call.of(
                request,
                CreateAclsResponse.class,
                answer -> answer.results().stream()
                        .map(CreateAclsResponse.AclCreationResult::errorCode)
                        .toList());
        var results =
                cluster.ask(new Destination.AnyNode(), call, cluster.deadline()).results();
        Map<Acl, Answer<Acl>> outcomes = new LinkedHashMap<>();
        for (int i = 0; i < wanted.size(); i++) {
            Answer<Acl> outcome = i < results.size()
                    ? Answer.of(results.get(i).errorCode(), results.get(i).errorMessage(), wanted.get(i))
                    : TopicAdmin.unanswered();
            outcomes.put(wanted.get(i), outcome);
        }
        return outcomes;
    }

    /** Deletes all ACLs that agree with a filter; granted is, for each of them, whether it could be deleted. */
    public Map<Acl.Filter, Answer<Map<Acl, Answer<Acl>>>> delete(Collection<Acl.Filter> filters) {
        if (filters.isEmpty()) return Map.of();
        List<Acl.Filter> wanted = List.copyOf(new LinkedHashSet<>(filters));
        var request = DeleteAclsRequest.builder()
                .filters(wanted.stream()
                        .map(each -> DeleteAclsRequest.DeleteAclsFilter.builder()
                                .resourceTypeFilter(each.resourceType().code())
                                .resourceNameFilter(each.resourceName())
                                .patternTypeFilter(each.patternType().code())
                                .principalFilter(each.principal())
                                .hostFilter(each.host())
                                .operation(each.operation().code())
                                .permissionType(each.permission().code())
                                .build())
                        .toList())
                .build();
        var call = Call.of(
                request,
                DeleteAclsResponse.class,
                answer -> answer.filterResults().stream()
                        .map(DeleteAclsResponse.DeleteAclsFilterResult::errorCode)
                        .toList());
        var results =
                cluster.ask(new Destination.AnyNode(), call, cluster.deadline()).filterResults();
        Map<Acl.Filter, Answer<Map<Acl, Answer<Acl>>>> outcomes = new LinkedHashMap<>();
        for (int i = 0; i < wanted.size(); i++) {
            if (i >= results.size()) {
                outcomes.put(wanted.get(i), TopicAdmin.unanswered());
                continue;
            }
            var result = results.get(i);
            outcomes.put(wanted.get(i), Answer.of(result.errorCode(), result.errorMessage(), deleted(result)));
        }
        return outcomes;
    }

    private static Map<Acl, Answer<Acl>> deleted(DeleteAclsResponse.DeleteAclsFilterResult result) {
        Map<Acl, Answer<Acl>> deleted = new LinkedHashMap<>();
        for (var each : result.matchingAcls()) {
            Acl acl = acl(
                    each.resourceType(),
                    each.resourceName(),
                    each.patternType(),
                    each.principal(),
                    each.host(),
                    each.operation(),
                    each.permissionType());
            deleted.put(acl, Answer.of(each.errorCode(), each.errorMessage(), acl));
        }
        return deleted;
    }

    /** What a cluster may only use in filters is, in an ACL, as unknown as what this client has no name for. */
    private static Acl acl(
            byte resourceType,
            String resourceName,
            byte patternType,
            String principal,
            String host,
            byte operation,
            byte permission) {
        Acl.PatternType pattern = known(Acl.PatternType.values(), patternType);
        return new Acl(
                known(Acl.ResourceType.values(), resourceType),
                resourceName,
                pattern == Acl.PatternType.MATCH ? Acl.PatternType.UNKNOWN : pattern,
                principal,
                host,
                known(Acl.Operation.values(), operation),
                known(Acl.Permission.values(), permission));
    }

    /** The first of all is unknown, the second stands for any. */
    private static <E extends Acl.Coded> E known(E[] all, byte code) {
        for (int i = 2; i < all.length; i++) if (all[i].code() == code) return all[i];
        return all[0];
    }
}
