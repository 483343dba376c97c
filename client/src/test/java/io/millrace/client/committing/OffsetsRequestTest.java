package io.millrace.client.committing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.client.CommittedOffset;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Request;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.records.TopicPartition;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OffsetsRequestTest {
    private static final Uuid ID = new Uuid(3, 4);
    private static final TopicPartition FIRST = new TopicPartition("orders", 0);
    private static final TopicPartition SECOND = new TopicPartition("orders", 1);
    private static final Committer STATIC = new Committer("m", 3, "i");

    private static OffsetsRequest request(boolean isCommit, Committer by) {
        Map<TopicPartition, CommittedOffset> offsets = new LinkedHashMap<>();
        offsets.put(FIRST, new CommittedOffset(7, 2, "note"));
        offsets.put(SECOND, new CommittedOffset(8, -1, ""));
        return new OffsetsRequest("g", isCommit, by, offsets);
    }

    private static Request there(OffsetsRequest asked, short version) {
        ProtocolWriter out = new ProtocolWriter();
        asked.inVersion(version, version < 10 ? Map.of() : Map.of("orders", ID)).write(out, version);
        return asked.apiKey().readRequest(new ProtocolReader(out.finish().toBuffer()), version);
    }

    @Test
    void topicsGoByTheirIdsOnlyIfAllAreKnown() {
        OffsetsRequest asked = request(true, Committer.NOBODY);
        assertEquals(10, asked.newestVersion(Map.of("orders", ID)));
        assertEquals(9, asked.newestVersion(Map.of("others", ID)));
    }

    @Test
    void aMemberSaysWhoItIsInWhateverVersionKnowsTheWords() {
        for (short version = 7; version <= 10; version++) {
            OffsetCommitRequest commit = (OffsetCommitRequest) there(request(true, STATIC), version);
            assertEquals(
                    "m 3 i",
                    commit.memberId() + " " + commit.generationIdOrMemberEpoch() + " " + commit.groupInstanceId());
            assertEquals(
                    version == 10 ? ID : Uuid.ZERO, commit.topics().getFirst().topicId());
            assertEquals(2, commit.topics().getFirst().partitions().getFirst().committedLeaderEpoch());
        }
    }

    @Test
    void whoIsNoMemberCanBeUnderstoodInEveryVersion() {
        for (int version = ApiKey.OFFSET_COMMIT.oldestVersion(); version <= 10; version++) {
            OffsetCommitRequest commit = (OffsetCommitRequest) there(request(true, Committer.NOBODY), (short) version);
            assertEquals(-1, commit.generationIdOrMemberEpoch());
            assertEquals(2, commit.topics().getFirst().partitions().size());
        }
        for (int version = ApiKey.OFFSET_FETCH.oldestVersion(); version <= 10; version++) {
            OffsetFetchRequest question = (OffsetFetchRequest) there(request(false, Committer.NOBODY), (short) version);
            assertEquals(version >= 7, question.requireStable());
            assertEquals(version >= 8 ? "" : "g", question.groupId());
        }
    }

    @Test
    void whatIsSaidOfPartitionsThatNobodyAskedAboutIsPassedOver() {
        var stranger = new OffsetCommitResponse.OffsetCommitResponsePartition(5, (short) 0);
        var negative = new OffsetCommitResponse.OffsetCommitResponsePartition(-1, (short) 0);
        var known = new OffsetCommitResponse.OffsetCommitResponsePartition(0, ErrorCode.ILLEGAL_GENERATION.code());
        var response = OffsetCommitResponse.builder()
                .topics(List.of(
                        new OffsetCommitResponse.OffsetCommitResponseTopic("", ID, List.of(stranger, negative, known)),
                        new OffsetCommitResponse.OffsetCommitResponseTopic("", new Uuid(9, 9), List.of(known))))
                .build();
        OffsetsAnswer answer = request(true, STATIC).read(response, Map.of("orders", ID));
        assertEquals(Map.of(FIRST, ErrorCode.ILLEGAL_GENERATION), answer.errors());
    }

    @Test
    void anErrorOfTheGroupIsOneOfEveryPartition() {
        var response = OffsetFetchResponse.builder()
                .groups(List.of(OffsetFetchResponse.OffsetFetchResponseGroup.builder()
                        .groupId("g")
                        .errorCode(ErrorCode.STALE_MEMBER_EPOCH.code())
                        .build()))
                .build();
        OffsetsAnswer answer = request(false, STATIC).read(response, Map.of());
        assertEquals(
                Map.of(FIRST, ErrorCode.STALE_MEMBER_EPOCH, SECOND, ErrorCode.STALE_MEMBER_EPOCH), answer.errors());
    }
}
