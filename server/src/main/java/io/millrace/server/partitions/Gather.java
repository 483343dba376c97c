package io.millrace.server.partitions;

import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Asks the lanes that own several partitions, one question for each, and goes on once all have answered. */
public final class Gather {
    /**
     * Answers a question on the lane that owns its partition.
     *
     * @param <Q> the question
     * @param <T> the answer
     */
    @FunctionalInterface
    public interface OnOwner<Q, T> {
        /** Answers; called on {@code owner}'s lane. */
        T answer(BrokerLane owner, Q question);
    }

    private Gather() {}

    /**
     * Asks.
     *
     * @param home the caller's lane, where {@code then} is called
     * @param partitionOf the partition a question is about
     * @param then gets the answers in the order of the questions; called before this returns if all partitions are the
     *     caller's own
     */
    public static <Q, T> void ask(
            BrokerLane home,
            List<Q> questions,
            Function<Q, TopicPartition> partitionOf,
            OnOwner<Q, T> onOwner,
            Consumer<List<T>> then) {
        List<@Nullable List<Integer>> byLane = new ArrayList<>();
        for (int i = 0; i < home.all().size(); i++) byLane.add(null);
        int lanesAsked = 0;
        for (int i = 0; i < questions.size(); i++) {
            int lane = home.ownerOf(partitionOf.apply(questions.get(i))).index();
            List<Integer> positions = byLane.get(lane);
            if (positions == null) {
                positions = new ArrayList<>();
                byLane.set(lane, positions);
                lanesAsked++;
            }
            positions.add(i);
        }
        Collected<T> collected = new Collected<>(questions.size(), lanesAsked, then);
        if (lanesAsked == 0) {
            then.accept(List.of());
            return;
        }
        for (int lane = 0; lane < byLane.size(); lane++) {
            List<Integer> positions = byLane.get(lane);
            if (positions == null) continue;
            BrokerLane owner = home.all().get(lane);
            owner.run(() -> {
                List<T> answers = new ArrayList<>(positions.size());
                for (int position : positions) answers.add(onOwner.answer(owner, questions.get(position)));
                home.run(() -> collected.add(positions, answers));
            });
        }
    }

    private static final class Collected<T> {
        private final @Nullable Object[] answers;
        private final Consumer<List<T>> then;
        private int missing;

        Collected(int count, int lanesAsked, Consumer<List<T>> then) {
            this.answers = new Object[count];
            this.missing = lanesAsked;
            this.then = then;
        }

        @SuppressWarnings("unchecked")
        void add(List<Integer> positions, List<T> some) {
            for (int i = 0; i < some.size(); i++) answers[positions.get(i)] = some.get(i);
            if (--missing > 0) return;
            List<T> whole = new ArrayList<>(answers.length);
            // Only answers of type T were put in, one at each position.
            for (Object answer : answers) if (answer != null) whole.add((T) answer);
            then.accept(whole);
        }
    }
}
