package io.millrace.metadata;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An immutable hash map whose changed copies share what did not change: a hash trie, 32 ways wide.
 *
 * <p>Cost: {@link #get} touches one node for each factor of 32 in the size and allocates nothing; {@link #with} and {@link #without} copy those nodes, up to
 * 32 references each, whatever the size of the map. The shape, and so the order of {@link #forEach}, depends on the content only, never on its history.
 *
 * @param <K> keys, whose hash and order are functions of their value
 * @param <V> values
 */
public final class PersistentMap<K extends Comparable<? super K>, V> {
    private static final int BITS = 5;
    private static final int HASH_BITS = 32;
    private static final Branch EMPTY_ROOT = new Branch(0, new Object[0]);

    /** Children in order of their five bits; each is a {@link Branch}, a {@link Leaf} or a {@link Collision}. */
    private static final class Branch {
        private final int bitmap;
        private final Object[] children;

        Branch(int bitmap, Object[] children) {
            this.bitmap = bitmap;
            this.children = children;
        }
    }

    private record Leaf<K, V>(int hash, K key, V value) {}

    /** Leaves of one hash, in order of key; at least two. */
    private record Collision<K, V>(int hash, List<Leaf<K, V>> leaves) {}

    private final Branch root;
    private final int size;

    private PersistentMap(Branch root, int size) {
        this.root = root;
        this.size = size;
    }

    /** The map of nothing. */
    public static <K extends Comparable<? super K>, V> PersistentMap<K, V> empty() {
        return new PersistentMap<>(EMPTY_ROOT, 0);
    }

    /** How many keys there are. */
    public int size() {
        return size;
    }

    /** Whether there are none. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** The value of {@code key}, or null. */
    @SuppressWarnings("unchecked") // a leaf in here holds a K and a V
    public @Nullable V get(K key) {
        int hash = spread(key.hashCode());
        Branch branch = root;
        for (int shift = 0; ; shift += BITS) {
            int bit = bit(hash, shift);
            if ((branch.bitmap & bit) == 0) return null;
            Object child = branch.children[index(branch.bitmap, bit)];
            if (child instanceof Branch deeper) {
                branch = deeper;
            } else if (child instanceof Leaf<?, ?> leaf) {
                return leaf.hash == hash && leaf.key.equals(key) ? (V) leaf.value : null;
            } else {
                Collision<K, V> collision = (Collision<K, V>) child;
                if (collision.hash != hash) return null;
                for (Leaf<K, V> leaf : collision.leaves) if (leaf.key.equals(key)) return leaf.value;
                return null;
            }
        }
    }

    /** Whether {@code key} has a value. */
    public boolean contains(K key) {
        return get(key) != null;
    }

    /** A map in which {@code key} has {@code value}, and all else is as here. */
    public PersistentMap<K, V> with(K key, V value) {
        Leaf<K, V> leaf = new Leaf<>(spread(key.hashCode()), key, value);
        boolean isNew = get(key) == null;
        return new PersistentMap<>(put(root, leaf, 0), isNew ? size + 1 : size);
    }

    /** A map in which {@code key} has no value, and all else is as here. */
    public PersistentMap<K, V> without(K key) {
        if (get(key) == null) return this;
        Object left = remove(root, key, spread(key.hashCode()), 0);
        if (left == null) return empty();
        if (left instanceof Branch branch) return new PersistentMap<>(branch, size - 1);
        int bit = bit(hashOf(left), 0);
        return new PersistentMap<>(new Branch(bit, new Object[] {left}), size - 1);
    }

    /** Shows every key and value, in the order of the keys' hashes. */
    public void forEach(BiConsumer<? super K, ? super V> consumer) {
        visit(root, consumer);
    }

    /** The values in the order of their keys; sorts, so it is for answers and snapshots rather than for every request. */
    public List<V> valuesInOrder() {
        List<Leaf<K, V>> leaves = new ArrayList<>(size);
        forEach((key, value) -> leaves.add(new Leaf<>(0, key, value)));
        leaves.sort(Comparator.comparing(Leaf::key));
        List<V> values = new ArrayList<>(size);
        for (Leaf<K, V> leaf : leaves) values.add(leaf.value);
        return values;
    }

    /** The keys in their order; sorts, as {@link #valuesInOrder()} does. */
    public List<K> keysInOrder() {
        List<K> keys = new ArrayList<>(size);
        forEach((key, value) -> keys.add(key));
        keys.sort(Comparator.naturalOrder());
        return keys;
    }

    /** Equal when the same keys have equal values. */
    @Override
    public boolean equals(@Nullable Object other) {
        if (!(other instanceof PersistentMap<?, ?> that) || that.size != size) return false;
        return sameNode(root, that.root);
    }

    @Override
    public int hashCode() {
        int[] sum = {size};
        forEach((key, value) -> sum[0] += key.hashCode() ^ value.hashCode());
        return sum[0];
    }

    @Override
    public String toString() {
        List<String> entries = new ArrayList<>();
        for (K key : keysInOrder()) entries.add(key + "=" + get(key));
        return entries.toString();
    }

    /** Content fixes the shape, so equal maps are equal node by node; shared nodes need no look. */
    @SuppressWarnings("ReferenceEquality") // the same node is the quick answer; the rest of the method is the full one
    private static boolean sameNode(Object one, Object other) {
        if (one == other) return true;
        if (!(one instanceof Branch a) || !(other instanceof Branch b)) return one.equals(other);
        if (a.bitmap != b.bitmap) return false;
        for (int i = 0; i < a.children.length; i++) if (!sameNode(a.children[i], b.children[i])) return false;
        return true;
    }

    @SuppressWarnings("unchecked") // a leaf in here holds a K and a V
    private void visit(Object node, BiConsumer<? super K, ? super V> consumer) {
        switch (node) {
            case Branch branch -> {
                for (Object child : branch.children) visit(child, consumer);
            }
            case Leaf<?, ?> leaf -> consumer.accept((K) leaf.key, (V) leaf.value);
            case Collision<?, ?> collision -> {
                for (Leaf<?, ?> leaf : collision.leaves) consumer.accept((K) leaf.key, (V) leaf.value);
            }
            default -> throw new IllegalStateException("a node of " + node.getClass());
        }
    }

    private static <K extends Comparable<? super K>, V> Branch put(Branch branch, Leaf<K, V> leaf, int shift) {
        int bit = bit(leaf.hash, shift);
        int index = index(branch.bitmap, bit);
        if ((branch.bitmap & bit) == 0) {
            Object[] children = new Object[branch.children.length + 1];
            System.arraycopy(branch.children, 0, children, 0, index);
            children[index] = leaf;
            System.arraycopy(branch.children, index, children, index + 1, branch.children.length - index);
            return new Branch(branch.bitmap | bit, children);
        }
        Object child = branch.children[index];
        Object replacement = child instanceof Branch deeper
                ? put(deeper, leaf, shift + BITS)
                : join(PersistentMap.<K, V>leavesOf(child), leaf, shift + BITS);
        Object[] children = branch.children.clone();
        children[index] = replacement;
        return new Branch(branch.bitmap, children);
    }

    /** One leaf, or several of one hash, together with another leaf. */
    private static <K extends Comparable<? super K>, V> Object join(
            List<Leaf<K, V>> present, Leaf<K, V> leaf, int shift) {
        int hash = present.get(0).hash;
        if (hash == leaf.hash) {
            List<Leaf<K, V>> leaves = new ArrayList<>(present);
            leaves.removeIf(other -> other.key.equals(leaf.key));
            if (leaves.isEmpty()) return leaf;
            leaves.add(leaf);
            leaves.sort(Comparator.comparing(Leaf::key));
            return new Collision<>(hash, List.copyOf(leaves));
        }
        Object child = present.size() == 1 ? present.get(0) : new Collision<>(hash, present);
        if (shift >= HASH_BITS)
            throw new IllegalStateException("hashes " + hash + " and " + leaf.hash + " differ nowhere");
        return put(new Branch(bit(hash, shift), new Object[] {child}), leaf, shift);
    }

    /** What is left of a node: null, a leaf or collision that its parent takes in, or a branch. */
    private static <K extends Comparable<? super K>> @Nullable Object remove(Object node, K key, int hash, int shift) {
        if (!(node instanceof Branch branch)) return removeLeaf(node, key);
        int bit = bit(hash, shift);
        int index = index(branch.bitmap, bit);
        Object left = remove(branch.children[index], key, hash, shift + BITS);
        if (left != null) {
            if (branch.children.length == 1 && !(left instanceof Branch)) return left;
            Object[] children = branch.children.clone();
            children[index] = left;
            return new Branch(branch.bitmap, children);
        }
        if (branch.children.length == 1) return null;
        if (branch.children.length == 2 && !(branch.children[1 - index] instanceof Branch))
            return branch.children[1 - index];
        Object[] children = new Object[branch.children.length - 1];
        System.arraycopy(branch.children, 0, children, 0, index);
        System.arraycopy(branch.children, index + 1, children, index, children.length - index);
        return new Branch(branch.bitmap & ~bit, children);
    }

    private static <K> @Nullable Object removeLeaf(Object node, K key) {
        if (!(node instanceof Collision<?, ?> collision)) return null;
        List<Leaf<?, ?>> leaves = new ArrayList<>(collision.leaves);
        leaves.removeIf(leaf -> leaf.key.equals(key));
        return leaves.size() == 1 ? leaves.get(0) : new Collision<>(collision.hash, castLeaves(leaves));
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // leaves of one map
    private static <K, V> List<Leaf<K, V>> castLeaves(List<Leaf<?, ?>> leaves) {
        return (List) List.copyOf(leaves);
    }

    @SuppressWarnings("unchecked") // a leaf in here holds a K and a V
    private static <K, V> List<Leaf<K, V>> leavesOf(Object child) {
        return child instanceof Leaf<?, ?> leaf ? List.of((Leaf<K, V>) leaf) : ((Collision<K, V>) child).leaves;
    }

    private static int hashOf(Object node) {
        return node instanceof Leaf<?, ?> leaf ? leaf.hash : ((Collision<?, ?>) node).hash;
    }

    private static int bit(int hash, int shift) {
        return 1 << ((hash >>> shift) & 31);
    }

    private static int index(int bitmap, int bit) {
        return Integer.bitCount(bitmap & (bit - 1));
    }

    /** Small and consecutive hashes are common (broker ids, numbered topics); spreads them over all 32 bits, one to one. */
    private static int spread(int hash) {
        int mixed = hash * 0x9E3779B9;
        return mixed ^ (mixed >>> 15);
    }
}
