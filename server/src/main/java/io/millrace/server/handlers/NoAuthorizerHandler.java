package io.millrace.server.handlers;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.CreateAclsRequest;
import io.millrace.protocol.messages.CreateAclsResponse;
import io.millrace.protocol.messages.DeleteAclsRequest;
import io.millrace.protocol.messages.DeleteAclsResponse;
import io.millrace.protocol.messages.DescribeAclsRequest;
import io.millrace.protocol.messages.DescribeAclsResponse;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import java.util.Collections;

/**
 * DescribeAcls (key 29), CreateAcls (30) and DeleteAcls (31), versions 1-3, where nobody is authorized: SECURITY_DISABLED, as Kafka
 * answers without an authorizer. An ACL that was written down and not enforced would be worse than none.
 */
public final class NoAuthorizerHandler implements Handler<Request, Response> {
    private static final short ERROR = ErrorCode.SECURITY_DISABLED.code();
    private static final String WHY = "No Authorizer is configured.";

    /** Makes the handler; it keeps nothing, so that all lanes may share one. */
    public NoAuthorizerHandler() {}

    @Override
    public void handle(Request request, Exchange<Response> exchange) {
        exchange.reply(
                switch (request) {
                    case DescribeAclsRequest ignored ->
                        DescribeAclsResponse.builder()
                                .errorCode(ERROR)
                                .errorMessage(WHY)
                                .build();
                    case CreateAclsRequest create ->
                        CreateAclsResponse.builder()
                                .results(Collections.nCopies(
                                        create.creations().size(),
                                        CreateAclsResponse.AclCreationResult.builder()
                                                .errorCode(ERROR)
                                                .errorMessage(WHY)
                                                .build()))
                                .build();
                    case DeleteAclsRequest delete ->
                        DeleteAclsResponse.builder()
                                .filterResults(Collections.nCopies(
                                        delete.filters().size(),
                                        DeleteAclsResponse.DeleteAclsFilterResult.builder()
                                                .errorCode(ERROR)
                                                .errorMessage(WHY)
                                                .build()))
                                .build();
                    default -> throw new IllegalArgumentException(request.apiKey() + " is not about ACLs");
                });
    }
}
