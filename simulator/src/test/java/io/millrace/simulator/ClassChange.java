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

/**
 * A change of one compiled class as it is loaded, so that the production code has no seams for tests: a method that does nothing,
 * or a call that is not made.
 *
 * @param className below {@code io.millrace}
 * @param method empty for all of them
 * @param owner the simple name of what is called; empty for anybody's
 * @param called empty if the whole method does nothing
 * @param value what is given in place of a number that the call would have given; in place of an error code it is {@code NONE}, of anything
 *     else null
 */
record ClassChange(String className, String method, String owner, String called, int value) {
    private static final String ROOT = "io.millrace.";
    private static final ClassDesc ERROR_CODE = ClassDesc.of("io.millrace.protocol.ErrorCode");

    /** The bytes of a class, changed if it is the one. */
    byte[] changed(String name, byte[] original) {
        if (!name.equals(ROOT + className)) return original;
        int[] changes = {0};
        ClassTransform transform = called.isEmpty()
                ? doingNothing(changes)
                : ClassTransform.transformingMethodBodies(this::isIt, giving(changes));
        ClassFile file = ClassFile.of();
        byte[] changed = file.transformClass(file.parse(original), transform);
        if (changes[0] == 0) throw new AssertionError(this + " changes nothing");
        return changed;
    }

    private boolean isIt(MethodModel model) {
        return method.isEmpty() || model.methodName().equalsString(method);
    }

    private ClassTransform doingNothing(int[] changes) {
        return (builder, element) -> {
            if (element instanceof MethodModel model && isIt(model)) {
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
                case REFERENCE -> {
                    if (type.returnType().equals(ERROR_CODE)) builder.getstatic(ERROR_CODE, "NONE", ERROR_CODE);
                    else builder.aconst_null();
                }
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
