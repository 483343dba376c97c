package io.millrace.protocol;

import io.millrace.protocol.messages.ProduceRequest;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** One generated message, found on the class path and used by reflection. */
record MessageClass(Class<? extends ApiMessage> type, MethodHandle reader) {
    /** Every generated message. */
    static List<MessageClass> all() {
        try {
            Path classes = Path.of(ProduceRequest.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            try (Stream<Path> files = Files.list(classes.resolve("io/millrace/protocol/messages"))) {
                return files.map(file -> file.getFileName().toString())
                        .filter(name -> name.endsWith(".class") && !name.contains("$"))
                        .map(name -> "io.millrace.protocol.messages." + name.substring(0, name.length() - 6))
                        .sorted()
                        .map(MessageClass::load)
                        .filter(ApiMessage.class::isAssignableFrom)
                        .map(type -> of(type.asSubclass(ApiMessage.class)))
                        .toList();
            }
        } catch (IOException | URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static MessageClass of(Class<? extends ApiMessage> type) {
        MethodType signature = MethodType.methodType(type, ProtocolReader.class, int.class);
        try {
            MethodHandle read = MethodHandles.lookup().findStatic(type, "read", signature);
            return new MessageClass(type, read.asType(signature.changeReturnType(ApiMessage.class)));
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new LinkageError(name, e);
        }
    }

    String name() {
        return type.getSimpleName();
    }

    short lowestVersion() {
        return constant("LOWEST_SUPPORTED_VERSION");
    }

    short highestVersion() {
        return constant("HIGHEST_SUPPORTED_VERSION");
    }

    private short constant(String field) {
        try {
            return type.getField(field).getShort(null);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    /** Without the wrapping of exceptions that reflection does, whose cost would count as the message's. */
    ApiMessage read(ProtocolReader in, int version) {
        try {
            return (ApiMessage) reader.invokeExact(in, version);
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Reads all of the bytes. */
    ApiMessage read(byte[] bytes, int version) {
        ProtocolReader in = new ProtocolReader(ByteBuffer.wrap(bytes));
        ApiMessage message = read(in, version);
        in.requireEnd(name());
        return message;
    }

    /** What the builder gives if nothing is set. */
    ApiMessage defaults() {
        try {
            Object builder = type.getMethod("builder").invoke(null);
            return type.cast(builder.getClass().getMethod("build").invoke(builder));
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    /** The message again, by way of its builder. */
    ApiMessage rebuilt(ApiMessage message) {
        try {
            Object builder = type.getMethod("toBuilder").invoke(message);
            return type.cast(builder.getClass().getMethod("build").invoke(builder));
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    static byte[] write(ApiMessage message, int version) {
        ByteBuffer buffer = ProtocolWriter.toBuffer(message, version);
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
