package io.millrace.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.MethodTypeEntry;
import java.lang.classfile.constantpool.NameAndTypeEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What one class file refers to, read from its constant pool, its members' descriptors and its code. Names are dotted;
 * nested classes keep their {@code $}.
 *
 * @param name     the class's own name
 * @param types    every class it names in any way
 * @param members  every method or field it calls or reads, as {@code java.lang.System#nanoTime}
 * @param locks    whether it has a synchronized method or block
 * @param hasMain  whether a program could be started from it
 */
record CompiledClass(String name, Set<String> types, Set<String> members, boolean locks, boolean hasMain) {
    private static final Pattern TYPE_IN_DESCRIPTOR = Pattern.compile("L([^;<]+);");

    /** Reads every class below a directory of compiled classes, in the order of their paths; none if it is absent. */
    static List<CompiledClass> below(Path directory) {
        if (!Files.isDirectory(directory)) return List.of();
        try (Stream<Path> files = Files.walk(directory)) {
            List<CompiledClass> classes = new ArrayList<>();
            for (Path file : files.filter(path -> path.toString().endsWith(".class"))
                    .filter(path -> !path.endsWith("module-info.class"))
                    .sorted()
                    .toList()) {
                classes.add(of(ClassFile.of().parse(file)));
            }
            return classes;
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read the classes in " + directory, failure);
        }
    }

    static CompiledClass of(ClassModel model) {
        Set<String> types = new TreeSet<>();
        Set<String> members = new TreeSet<>();
        for (PoolEntry entry : model.constantPool()) {
            switch (entry) {
                case ClassEntry type -> addType(types, type.asInternalName());
                case MemberRefEntry member ->
                    members.add(dotted(member.owner().asInternalName()) + "#"
                            + member.name().stringValue());
                case NameAndTypeEntry nameAndType ->
                    addDescriptor(types, nameAndType.type().stringValue());
                case MethodTypeEntry type ->
                    addDescriptor(types, type.descriptor().stringValue());
                default -> {}
            }
        }
        boolean locks = false;
        boolean hasMain = false;
        for (FieldModel field : model.fields())
            addDescriptor(types, field.fieldType().stringValue());
        for (MethodModel method : model.methods()) {
            addDescriptor(types, method.methodType().stringValue());
            locks |= method.flags().has(AccessFlag.SYNCHRONIZED)
                    || method.code().map(CompiledClass::hasMonitor).orElse(false);
            hasMain |= isMain(method);
        }
        return new CompiledClass(dotted(model.thisClass().asInternalName()), types, members, locks, hasMain);
    }

    String packageName() {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(0, dot);
    }

    private static boolean hasMonitor(CodeModel code) {
        return code.elementStream().anyMatch(MonitorInstruction.class::isInstance);
    }

    private static boolean isMain(MethodModel method) {
        return method.methodName().equalsString("main")
                && method.flags().has(AccessFlag.STATIC)
                && !method.flags().has(AccessFlag.PRIVATE)
                && (method.methodType().equalsString("([Ljava/lang/String;)V")
                        || method.methodType().equalsString("()V"));
    }

    private static void addType(Set<String> types, String internalName) {
        if (internalName.startsWith("[")) addDescriptor(types, internalName);
        else types.add(dotted(internalName));
    }

    private static void addDescriptor(Set<String> types, String descriptor) {
        Matcher matcher = TYPE_IN_DESCRIPTOR.matcher(descriptor);
        while (matcher.find()) types.add(dotted(matcher.group(1)));
    }

    private static String dotted(String internalName) {
        return internalName.replace('/', '.');
    }
}
