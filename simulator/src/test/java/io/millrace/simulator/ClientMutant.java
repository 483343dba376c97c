package io.millrace.simulator;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/** A mistake put into one of the client's machines on purpose, which the stories of a group have to find. */
enum ClientMutant {
    /** Who was put out of the group goes on with what it had. */
    PUT_OUT_AND_LOSES_NOTHING("membership.GroupMembership", "advance", "MemberIdentity", "isMember", 1),
    /** An eager member joins without having given up anything. */
    JOINS_WITH_ITS_PARTITIONS("membership.GroupMembership", "join", "List", "isEmpty", 1),
    /** A member keeps what the leader has given to others. */
    KEEPS_WHAT_OTHERS_GET("membership.GroupMembership", "settle", "List", "isEmpty", 1),
    /** A member does not join again, whatever it learns. */
    NEVER_JOINS_AGAIN("membership.GroupMembership", "settle", "GroupMembership", "prepare", 0),
    /** No heartbeats. */
    NO_HEARTBEATS("membership.GroupMembership", "synced", "MembershipRules", "heartbeatMs", 3_600_000),
    /** Reading begins where there is no committed offset. */
    BEGINS_AT_THE_START("committing.run.CommittedStart", "begin", "Map", "get", 0),
    /** A commit that is to be repeated lets later ones pass. */
    COMMITS_CHANGE_PLACES("committing.OffsetsQueue", "askAgain", "OffsetsCall", "isCommit", 0),
    /** What came does not move the position. */
    FETCHES_THE_SAME_AGAIN("fetching.PartitionFetch", "fetched"),
    /** A fetch session does not say that a position has moved. */
    SESSION_SAYS_NOTHING_NEW("fetching.FetchSession", "next", "WantedPartition", "equals", 1),
    /** Records of the first batch that were not asked for are given. */
    GIVES_WHOLE_BATCHES("fetching.RangeReader", "next", "FetchedRange", "fromOffset", 0),
    /** An answer to a question from before a seek counts. */
    OLD_ANSWERS_COUNT("fetching.run.FetcherLane", "takeAll", "", "generation", 0),
    /** Room in the buffer that was given back is not used. */
    MEMORY_IS_NOT_GIVEN_BACK("fetching.run.FetcherLane", "released");

    private static final String CLIENT = "io.millrace.client.";

    private final String className;
    private final String method;
    private final String owner;
    private final String called;
    private final int value;

    /** The method does nothing. */
    ClientMutant(String className, String method) {
        this(className, method, "", "", 0);
    }

    /** What the method calls is not called, and gives that number, or null. */
    ClientMutant(String className, String method, String owner, String called, int value) {
        this.className = CLIENT + className;
        this.method = method;
        this.owner = owner;
        this.called = called;
        this.value = value;
    }

    /** The class files of a program with this mistake. */
    byte[] changed(String name, byte[] original) {
        if (!name.equals(className)) return original;
        int[] changes = {0};
        ClassTransform transform = called.isEmpty()
                ? doingNothing(changes)
                : ClassTransform.transformingMethodBodies(
                        model -> model.methodName().equalsString(method), giving(changes));
        ClassFile file = ClassFile.of();
        byte[] changed = file.transformClass(file.parse(original), transform);
        if (changes[0] == 0) throw new AssertionError(this + " changes nothing in " + name + "." + method);
        return changed;
    }

    private ClassTransform doingNothing(int[] changes) {
        return (builder, element) -> {
            if (element instanceof MethodModel model && model.methodName().equalsString(method)) {
                changes[0]++;
                builder.withMethodBody(
                        model.methodName(), model.methodType(), model.flags().flagsMask(), CodeBuilder::return_);
            } else {
                builder.with(element);
            }
        };
    }

    /** The first such call; all of them if they are anybody's. */
    private CodeTransform giving(int[] changes) {
        return (builder, element) -> {
            boolean isIt = element instanceof InvokeInstruction call
                    && call.name().equalsString(called)
                    && (owner.isEmpty() || simpleName(call).equals(owner));
            if (!isIt || (changes[0] > 0 && !owner.isEmpty())) {
                builder.with(element);
                return;
            }
            changes[0]++;
            InvokeInstruction call = (InvokeInstruction) element;
            MethodTypeDesc type = call.typeSymbol();
            for (ClassDesc each : type.parameterList().reversed()) drop(builder, each);
            if (call.opcode() != Opcode.INVOKESTATIC) builder.pop();
            switch (TypeKind.from(type.returnType())) {
                case VOID -> {}
                case LONG -> builder.loadConstant((long) value);
                case REFERENCE -> builder.aconst_null();
                default -> builder.loadConstant(value);
            }
        };
    }

    private static String simpleName(InvokeInstruction call) {
        return call.owner().asSymbol().displayName();
    }

    private static void drop(CodeBuilder builder, ClassDesc type) {
        if (TypeKind.from(type).slotSize() == 2) builder.pop2();
        else builder.pop();
    }
}
