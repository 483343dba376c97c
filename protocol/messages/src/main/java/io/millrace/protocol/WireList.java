package io.millrace.protocol;

import java.util.AbstractList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;

/**
 * The immutable list that generated messages hold: an array seen as a list, so that reading a message makes one array
 * per collection and nothing else.
 *
 * @param <E> what is in it; never null
 */
public final class WireList<E> extends AbstractList<E> implements RandomAccess {
    private final Object[] elements;

    private WireList(Object[] elements) {
        this.elements = elements;
    }

    /**
     * The elements as a list, without copying.
     *
     * @param elements handed over: the caller keeps no reference and the array holds no null
     */
    public static <E> List<E> wrap(E[] elements) {
        return switch (elements.length) {
            case 0 -> List.of();
            case 1 -> List.of(elements[0]);
            default -> new WireList<>(elements);
        };
    }

    /**
     * An immutable list of the same elements; the list itself if it already is one of ours.
     *
     * @throws NullPointerException if the list holds a null
     */
    public static <E> List<E> copyOf(Collection<? extends E> elements) {
        if (elements instanceof WireList<?> list) {
            @SuppressWarnings("unchecked") // immutable, so a list of a subtype serves as a list of the type
            List<E> same = (List<E>) list;
            return same;
        }
        return List.copyOf(elements);
    }

    @Override
    @SuppressWarnings("unchecked") // only elements of type E are ever put in
    public E get(int index) {
        return (E) elements[Objects.checkIndex(index, elements.length)];
    }

    @Override
    public int size() {
        return elements.length;
    }
}
