package io.millrace.server.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.BrokerImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.server.controller.BrokerLifecycle.Action;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BrokerLifecycleTest {
    private static final Uuid RUN = new Uuid(1, 1);
    private static final BrokerLifecycle.Times TIMES = new BrokerLifecycle.Times(2_000, 60_000, 9_000, 30_000, 500);

    private final BrokerLifecycle life = new BrokerLifecycle(RUN, TIMES);

    private static BrokerImage image(Uuid run, long epoch, boolean isFenced) {
        return new BrokerImage(
                7, epoch, run, List.of(), Map.of(), null, isFenced, false, List.of(new Uuid(2, 2)), null, false);
    }

    private void serve() {
        life.begin(0);
        life.registered(ErrorCode.NONE, 100, 1);
        life.imageRead(image(RUN, 100, true), 100, 2);
        life.answered(ErrorCode.NONE, true, false, 3);
        life.answered(ErrorCode.NONE, false, false, 4);
        life.imageRead(image(RUN, 100, false), 101, 5);
    }

    @Test
    void itIsFencedUntilItHasReadItsOwnRegistrationAndLeadsNothingBeforeTheImageSaysThatItIsAwake() {
        assertEquals(List.of(new Action.Register()), life.begin(0));
        assertEquals(List.of(new Action.Beat(100, true, false)), life.registered(ErrorCode.NONE, 100, 10));
        // What its former life was is no word about this one.
        assertEquals(List.of(), life.imageRead(image(new Uuid(9, 9), 50, false), 99, 11));
        assertEquals(List.of(), life.answered(ErrorCode.NONE, true, false, 12));
        assertEquals(12 + 2_000, life.wakeAtMs());

        assertEquals(
                List.of(new Action.ShowImages(), new Action.Beat(100, false, false)),
                life.imageRead(image(RUN, 100, true), 100, 20));
        assertEquals(List.of(), life.answered(ErrorCode.NONE, false, false, 30));
        assertEquals(List.of(new Action.Awake()), life.imageRead(image(RUN, 100, false), 101, 31));
        assertEquals(List.of(), life.imageRead(image(RUN, 100, false), 102, 32));
        assertEquals(List.of(), life.timePassed(2_029));
        assertEquals(List.of(new Action.Beat(100, false, false)), life.timePassed(2_030));
    }

    @Test
    void oneThatLeavesTheLeadToOthersAsksToBeFencedUntilItDoesSoNoMore() {
        serve();
        assertEquals(List.of(new Action.Beat(100, true, false)), life.yields(true, 1_000));
        assertEquals(List.of(), life.yields(true, 1_000));
        assertEquals(List.of(), life.answered(ErrorCode.NONE, true, false, 1_001));
        assertEquals(3_001, life.wakeAtMs());
        assertEquals(List.of(), life.imageRead(image(RUN, 100, true), 102, 1_002));
        assertEquals(List.of(new Action.Beat(100, true, false)), life.timePassed(3_001));
        assertEquals(List.of(), life.yields(false, 3_002));
        assertEquals(List.of(new Action.Beat(100, false, false)), life.answered(ErrorCode.NONE, true, false, 3_003));
        life.answered(ErrorCode.NONE, true, false, 3_004);
        assertEquals(3_104, life.wakeAtMs());
    }

    @Test
    void aControllerThatIsSilentForASessionIsToldOfAgainAndAgainUntilItIsHeard() {
        serve();
        assertEquals(List.of(new Action.Beat(100, false, false)), life.timePassed(2_004));
        assertEquals(9_004, life.wakeAtMs(), "the heartbeat is not answered");
        assertEquals(List.of(), life.timePassed(9_003));
        assertEquals(List.of(new Action.Silent()), life.timePassed(9_004));
        assertEquals(9_504, life.wakeAtMs());
        assertEquals(List.of(), life.unanswered(9_100));
        assertEquals(List.of(new Action.Beat(100, false, false)), life.timePassed(9_150));
        assertEquals(List.of(new Action.Silent()), life.timePassed(9_504));
        assertEquals(List.of(new Action.Heard()), life.answered(ErrorCode.NONE, false, false, 9_600));
        assertEquals(11_600, life.wakeAtMs());
    }

    /** Where the controller is on the same node it answers while the heartbeat is sent: the word that it is heard has to be the last. */
    @Test
    void theSilenceOfAControllerIsToldBeforeItIsAskedAgain() {
        serve();
        life.timePassed(2_004);
        life.unanswered(8_900);
        assertEquals(List.of(new Action.Silent(), new Action.Beat(100, false, false)), life.timePassed(9_004));
    }

    @Test
    void aBrokerThatLeavesLooksForASilentControllerToo() {
        serve();
        life.timePassed(2_004);
        life.unanswered(8_900);
        life.leave(8_950);
        assertTrue(life.timePassed(9_004).contains(new Action.Silent()));
    }

    @Test
    void aControllerThatRegistersTheBrokerAnewIsHeard() {
        serve();
        life.timePassed(2_004);
        assertEquals(List.of(new Action.Silent()), life.timePassed(9_004));
        assertEquals(List.of(), life.answered(ErrorCode.STALE_BROKER_EPOCH, false, false, 9_100));
        assertEquals(List.of(new Action.Register()), life.timePassed(9_200));
        assertEquals(
                List.of(new Action.Heard(), new Action.Beat(200, true, false)),
                life.registered(ErrorCode.NONE, 200, 9_300));
    }

    @Test
    void oneThatYieldsCanLeave() {
        serve();
        life.yields(true, 1_000);
        life.answered(ErrorCode.NONE, true, false, 1_001);
        assertEquals(List.of(new Action.Beat(100, false, true)), life.leave(1_002));
        assertEquals(List.of(new Action.Left("")), life.answered(ErrorCode.NONE, true, true, 1_003));
    }

    @Test
    void anImageThatIsReadWhileAHeartbeatIsOutBringsTheNextAtOnce() {
        life.begin(0);
        life.registered(ErrorCode.NONE, 100, 1);
        assertEquals(List.of(new Action.ShowImages()), life.imageRead(image(RUN, 100, true), 100, 2));
        assertEquals(List.of(new Action.Beat(100, false, false)), life.answered(ErrorCode.NONE, true, false, 3));
    }

    @Test
    void aRegistrationIsTriedWithGrowingPausesUntilItsTimeIsOver() {
        life.begin(0);
        assertEquals(List.of(), life.unanswered(10));
        assertEquals(60, life.wakeAtMs());
        assertEquals(List.of(new Action.Register()), life.timePassed(60));
        assertEquals(List.of(), life.registered(ErrorCode.DUPLICATE_BROKER_REGISTRATION, -1, 70));
        assertEquals(170, life.wakeAtMs());
        life.timePassed(170);
        Action.Fail fail =
                assertInstanceOf(Action.Fail.class, life.unanswered(60_000).getFirst());
        assertTrue(fail.why().contains("initial.broker.registration.timeout.ms=60000"), fail.why());
        assertEquals(Long.MAX_VALUE, life.wakeAtMs());
    }

    @Test
    void whatWillNotChangeEndsItAtOnce() {
        life.begin(0);
        assertInstanceOf(
                Action.Fail.class,
                life.registered(ErrorCode.INCONSISTENT_CLUSTER_ID, -1, 1).getFirst());
    }

    @Test
    void aBrokerThatTheControllerForgotRegistersAgainAndServesOn() {
        serve();
        life.timePassed(5_000);
        assertEquals(List.of(), life.answered(ErrorCode.STALE_BROKER_EPOCH, false, false, 5_001));
        assertEquals(List.of(new Action.Register()), life.timePassed(5_101));
        // Nobody gives a broker up that serves: it is asked for as long as it takes.
        assertEquals(List.of(), life.registered(ErrorCode.UNSUPPORTED_VERSION, -1, 90_000));
        assertEquals(List.of(new Action.Register()), life.timePassed(91_000));
        assertEquals(List.of(new Action.Beat(300, true, false)), life.registered(ErrorCode.NONE, 300, 91_001));
        assertEquals(300, life.epoch());
        life.answered(ErrorCode.NONE, true, false, 91_002);
        assertEquals(List.of(new Action.Beat(300, false, false)), life.imageRead(image(RUN, 300, true), 300, 91_003));
    }

    @Test
    void whoLeavesSaysSoUntilTheControllerLetsItGo() {
        serve();
        assertEquals(List.of(new Action.Beat(100, false, true)), life.leave(1_000));
        assertEquals(List.of(), life.answered(ErrorCode.NONE, false, false, 1_001));
        assertEquals(List.of(new Action.Beat(100, false, true)), life.timePassed(1_101));
        assertEquals(List.of(new Action.Left("")), life.answered(ErrorCode.NONE, true, true, 1_102));
        assertEquals(List.of(), life.timePassed(10_000));
    }

    @Test
    void whoLeavesDoesNotWaitForEver() {
        serve();
        life.leave(1_000);
        life.answered(ErrorCode.NONE, false, false, 1_001);
        life.timePassed(1_200);
        life.looked(true, 1_201);
        Action.Left late =
                assertInstanceOf(Action.Left.class, life.timePassed(31_000).getFirst());
        assertTrue(late.reproach().contains("30000"), late.reproach());
    }

    @Test
    void whoHearsOfNoControllerForASessionHasBeenFencedAndGoes() {
        serve();
        life.leave(1_000);
        assertEquals(List.of(), life.unanswered(8_000));
        life.timePassed(8_050);
        assertInstanceOf(Action.Left.class, life.unanswered(9_004).getFirst());
    }

    @Test
    void whoLeavesWhenMostControllersAreGoneLooksAgainAndGoes() {
        serve();
        life.leave(1_000);
        life.unanswered(1_001);
        assertEquals(List.of(new Action.Beat(100, false, true)), life.timePassed(1_051));
        assertEquals(1_200, life.wakeAtMs());
        assertEquals(List.of(new Action.Look()), life.timePassed(1_200));
        assertEquals(List.of(), life.looked(false, 1_210));
        assertEquals(List.of(new Action.Look()), life.timePassed(1_410));
        assertEquals(List.of(), life.looked(false, 1_411));
        life.timePassed(1_611);
        assertInstanceOf(Action.Left.class, life.looked(false, 1_710).getFirst());
    }

    @Test
    void whoLeavesGoesOnAskingAsLongAsSomebodyCanBeElected() {
        serve();
        life.leave(1_000);
        for (long nowMs = 1_200; nowMs < 7_000; nowMs += 400) {
            life.timePassed(nowMs);
            assertEquals(List.of(), life.looked(false, nowMs + 1));
            life.timePassed(nowMs + 201);
            assertEquals(List.of(), life.looked(true, nowMs + 202));
            life.unanswered(nowMs + 203);
        }
        life.timePassed(7_100);
        life.looked(false, 7_100);
        // Whoever answers leads, whatever was seen of the others.
        life.answered(ErrorCode.NONE, false, false, 7_200);
        life.timePassed(7_500);
        assertEquals(List.of(), life.looked(false, 7_700));
        assertEquals(List.of(new Action.Left("")), life.answered(ErrorCode.NONE, true, true, 7_701));
    }

    @Test
    void aBrokerAmongStrangersEndsAtOnceAndOneThatServesDoesNot() {
        life.begin(0);
        assertEquals(List.of(new Action.Fail("strangers")), life.foreign("strangers"));
        BrokerLifecycle early = new BrokerLifecycle(RUN, TIMES);
        assertEquals(List.of(), early.foreign("strangers"));
        assertEquals(List.of(new Action.Fail("strangers")), early.begin(1));
        BrokerLifecycle serving = new BrokerLifecycle(RUN, TIMES);
        serving.begin(0);
        serving.registered(ErrorCode.NONE, 100, 1);
        assertEquals(List.of(), serving.foreign("strangers"));
    }

    @Test
    void whoIsNotRegisteredLeavesAtOnce() {
        life.begin(0);
        assertEquals(List.of(new Action.Left("")), life.leave(1));
        assertEquals(List.of(), life.registered(ErrorCode.NONE, 1, 2));
    }
}
