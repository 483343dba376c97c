package io.millrace.client;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * One request to be made, and how to read from its answer whether it should be made again.
 *
 * @param lowest oldest version that can carry it
 * @param highest newest version it is written for
 * @param request the request for the version that is chosen
 * @param errors all error codes in an answer
 */
record Call<R extends Response>(
        ApiKey key,
        int lowest,
        int highest,
        IntFunction<? extends Request> request,
        Class<R> type,
        Function<R, List<Short>> errors) {

    /** A request that is the same in every version. */
    static <R extends Response> Call<R> of(Request request, Class<R> type, Function<R, List<Short>> errors) {
        ApiKey key = request.apiKey();
        return new Call<>(key, key.oldestVersion(), key.latestVersion(), version -> request, type, errors);
    }

    Call<R> from(int lowestVersion) {
        return new Call<>(key, lowestVersion, highest, request, type, errors);
    }

    Call<R> to(int highestVersion) {
        return new Call<>(key, lowest, highestVersion, request, type, errors);
    }
}
