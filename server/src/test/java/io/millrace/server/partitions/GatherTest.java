package io.millrace.server.partitions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.TopicPartition;
import io.millrace.server.fixture.ManualLane;
import io.millrace.server.fixture.TestBroker;
import io.millrace.testkit.Property;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GatherTest {
    private static void ask(
            TestBroker broker,
            List<TopicPartition> questions,
            Gather.OnOwner<TopicPartition, String> onOwner,
            List<List<String>> into) {
        broker.homeThread()
                .as(() -> Gather.ask(broker.home(), questions, partition -> partition, onOwner, answers -> {
                    assertTrue(broker.homeThread().isCurrent(), "answered elsewhere than asked");
                    into.add(answers);
                }));
    }

    @Test
    void answersComeInTheOrderOfTheQuestionsEachFromItsOwner() {
        Property.check(random -> {
            TestBroker broker = new TestBroker(1 + random.nextInt(4));
            List<TopicPartition> questions = new ArrayList<>();
            List<String> expected = new ArrayList<>();
            int count = random.nextInt(12);
            for (int i = 0; i < count; i++) {
                TopicPartition partition = new TopicPartition("t" + random.nextInt(3), random.nextInt(5));
                questions.add(partition);
                expected.add(partition + " on lane "
                        + broker.home().ownerOf(partition).index());
            }
            List<List<String>> answers = new ArrayList<>();
            ask(
                    broker,
                    questions,
                    (owner, partition) -> {
                        assertTrue(((ManualLane) owner.lane()).isCurrent(), "asked elsewhere than at its owner");
                        return partition + " on lane " + owner.index();
                    },
                    answers);
            broker.time.run();
            assertEquals(List.of(expected), answers);
        });
    }

    @Test
    void nothingAskedIsAnsweredAtOnce() {
        List<List<String>> answers = new ArrayList<>();
        ask(new TestBroker(2), List.of(), (owner, partition) -> "", answers);
        assertEquals(List.of(List.of()), answers);
    }

    @Test
    void whatTheCallersLaneOwnsIsAnsweredBeforeTheCallEnds() {
        TestBroker broker = new TestBroker(2);
        List<List<String>> answers = new ArrayList<>();
        TopicPartition own = new TopicPartition("t", broker.partitionOn(0, "t", 0));
        ask(broker, List.of(own), (owner, partition) -> "here", answers);
        assertEquals(List.of(List.of("here")), answers);
    }
}
