package io.millrace.controller;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.messages.AlterClientQuotasRequest;
import io.millrace.protocol.messages.AlterClientQuotasResponse;
import io.millrace.protocol.messages.AlterUserScramCredentialsRequest;
import io.millrace.protocol.messages.AlterUserScramCredentialsResponse;
import io.millrace.protocol.messages.CreateAclsRequest;
import io.millrace.protocol.messages.CreateAclsResponse;
import io.millrace.protocol.messages.DeleteAclsRequest;
import io.millrace.protocol.messages.DeleteAclsResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.message.AlterClientQuotasRequestData;
import org.apache.kafka.common.message.AlterUserScramCredentialsRequestData;
import org.apache.kafka.common.message.CreateAclsRequestData;
import org.apache.kafka.common.message.DeleteAclsRequestData;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.server.authorizer.AclCreateResult;
import org.apache.kafka.server.authorizer.AclDeleteResult;

/** What twins are asked about quotas, passwords and ACLs. Where Kafka answers in the order of a hash, both answers are sorted. */
record SecurityTwins(Twins twins) {
    AlterClientQuotasResponse alterQuotas(AlterClientQuotasRequest request) {
        Decision<AlterClientQuotasResponse> ours = twins.controller.alterClientQuotas(request);
        return twins.same(request, new Decision<>(ours.records(), inOrder(ours.response()), true), () -> {
            var data = OfficialController.official(new AlterClientQuotasRequestData(), request, 1);
            var asking = new org.apache.kafka.common.requests.AlterClientQuotasRequest(data, (short) 1);
            var outcomes = twins.official.ask(
                    1, (asked, context) -> asked.alterClientQuotas(context, asking.entries(), request.validateOnly()));
            var answer = org.apache.kafka.common.requests.AlterClientQuotasResponse.fromQuotaEntities(outcomes, 0)
                    .data();
            return inOrder(AlterClientQuotasResponse.read(new ProtocolReader(OfficialController.bytes(answer, 1)), 1));
        });
    }

    private static AlterClientQuotasResponse inOrder(AlterClientQuotasResponse answer) {
        List<AlterClientQuotasResponse.EntryData> entries = new ArrayList<>();
        for (var entry : answer.entries()) {
            List<AlterClientQuotasResponse.EntityData> parts = new ArrayList<>(entry.entity());
            parts.sort(Comparator.comparing(AlterClientQuotasResponse.EntityData::entityType));
            entries.add(entry.toBuilder()
                    .errorMessage(Twins.said(entry.errorMessage()))
                    .entity(parts)
                    .build());
        }
        entries.sort(Comparator.comparing(Object::toString));
        return answer.toBuilder().entries(entries).build();
    }

    AlterUserScramCredentialsResponse alterPasswords(AlterUserScramCredentialsRequest request) {
        Decision<AlterUserScramCredentialsResponse> ours = twins.controller.alterUserScramCredentials(request);
        return twins.same(request, new Decision<>(ours.records(), inOrder(ours.response()), true), () -> {
            var data = OfficialController.official(new AlterUserScramCredentialsRequestData(), request, 0);
            var answer = twins.official.ask(0, (asked, context) -> asked.alterUserScramCredentials(context, data));
            return inOrder(
                    AlterUserScramCredentialsResponse.read(new ProtocolReader(OfficialController.bytes(answer, 0)), 0));
        });
    }

    private static AlterUserScramCredentialsResponse inOrder(AlterUserScramCredentialsResponse answer) {
        List<AlterUserScramCredentialsResponse.AlterUserScramCredentialsResult> results =
                new ArrayList<>(answer.results());
        results.replaceAll(result -> result.toBuilder()
                .errorMessage(Twins.said(result.errorMessage()))
                .build());
        results.sort(Comparator.comparing(Object::toString));
        return answer.toBuilder().results(results).build();
    }

    CreateAclsResponse createAcls(CreateAclsRequest request, Draws draws) {
        return twins.same(request, twins.controller.createAcls(request, new ControllerContext(1_000, 0, draws)), () -> {
            var data = OfficialController.official(new CreateAclsRequestData(), request, 3);
            List<AclBinding> bindings = data.creations().stream()
                    .map(org.apache.kafka.common.requests.CreateAclsRequest::aclBinding)
                    .toList();
            List<CreateAclsResponse.AclCreationResult> results = new ArrayList<>();
            for (AclCreateResult each : twins.official.ask(3, (asked, context) -> asked.createAcls(context, bindings)))
                results.add(CreateAclsResponse.AclCreationResult.builder()
                        .errorCode(each.exception()
                                .map(failure -> Errors.forException(failure).code())
                                .orElse(ErrorCode.NONE.code()))
                        .errorMessage(
                                each.exception().map(Throwable::getMessage).orElse(null))
                        .build());
            return CreateAclsResponse.builder().results(results).build();
        });
    }

    DeleteAclsResponse deleteAcls(DeleteAclsRequest request) {
        Decision<DeleteAclsResponse> ours = twins.controller.deleteAcls(request);
        return twins.same(request, new Decision<>(ours.records(), inOrder(ours.response()), true), () -> {
            var data = OfficialController.official(new DeleteAclsRequestData(), request, 3);
            List<AclBindingFilter> filters = org.apache.kafka.common.requests.DeleteAclsRequest.parse(
                            new ByteBufferAccessor(OfficialController.bytes(data, 3)), (short) 3)
                    .filters();
            List<org.apache.kafka.common.message.DeleteAclsResponseData.DeleteAclsFilterResult> results =
                    new ArrayList<>();
            for (AclDeleteResult each : twins.official.ask(3, (asked, context) -> asked.deleteAcls(context, filters)))
                results.add(org.apache.kafka.common.requests.DeleteAclsResponse.filterResult(each));
            var answer = new org.apache.kafka.common.message.DeleteAclsResponseData().setFilterResults(results);
            return inOrder(DeleteAclsResponse.read(new ProtocolReader(OfficialController.bytes(answer, 3)), 3));
        });
    }

    private static DeleteAclsResponse inOrder(DeleteAclsResponse answer) {
        List<DeleteAclsResponse.DeleteAclsFilterResult> results = new ArrayList<>();
        for (var result : answer.filterResults()) {
            List<DeleteAclsResponse.DeleteAclsMatchingAcl> matching = new ArrayList<>(result.matchingAcls());
            matching.sort(Comparator.comparing(Object::toString));
            results.add(result.toBuilder()
                    .errorMessage(Twins.said(result.errorMessage()))
                    .matchingAcls(matching)
                    .build());
        }
        return answer.toBuilder().filterResults(results).build();
    }
}
