package io.fenrun;

import com.eclipsesource.json.JsonArray;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import java.util.Arrays;

/**
 * Who invited whom. Reading is shared freely; changing takes one thread at a time, which the library
 * checks.
 */
public final class Forest implements AutoCloseable {
    private final Handle handle;

    /**
     * Builds a forest from two columns in any order; an inviter of 0 is nobody.
     *
     * @throws FenrunException.ForestException for a cycle of any length, an unknown inviter, a member that
     *     stands twice; its index names the row
     */
    public Forest(long[] members, long[] inviters) {
        if (members.length != inviters.length) {
            throw FenrunException.of(110, "length_mismatch", FenrunException.NO_INDEX,
                    members.length + " members with " + inviters.length + " inviters");
        }
        this.handle = new Handle("forest", Native.made((out, error) -> Native.library().fenrun_forest_new(
                members, inviters, members.length, out, error)).getValue(), Native.library()::fenrun_forest_free);
    }

    /** How many members there are. */
    public long size() {
        LongByReference len = new LongByReference();
        Native.check(error -> Native.library().fenrun_forest_len(pointer(), len, error));
        return len.getValue();
    }

    /** A new member, invited by a member, or by nobody (0). */
    public void join(long member, long inviter) {
        Native.check(error -> Native.library().fenrun_forest_join(pointer(), member, inviter, error));
    }

    /** Gives an upline to a member who has none. */
    public void bind(long member, long inviter) {
        Native.check(error -> Native.library().fenrun_forest_bind(pointer(), member, inviter, error));
    }

    /** The ancestors of a member, nearest first, at most {@code most} of them. */
    public long[] upline(long member, int most) {
        long[] ids = new long[Math.max(1, most)];
        LongByReference len = new LongByReference();
        Native.check(error -> Native.library().fenrun_forest_upline(pointer(), member, ids, most, len, error));
        return Arrays.copyOf(ids, (int) Math.min(most, len.getValue()));
    }

    /** States a fact of all members, in join order, such as {@code distributor}. */
    public void fact(String name, boolean[] values) {
        byte[] bytes = new byte[values.length];
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = (byte) (values[at] ? 1 : 0);
        }
        byte[] text = Native.utf8(name, "fact name");
        Native.check(error -> Native.library().fenrun_forest_set_flag(
                pointer(), text, text.length, bytes, bytes.length, error));
    }

    /** States a whole number of all members, in join order. */
    public void fact(String name, long[] values) {
        byte[] text = Native.utf8(name, "fact name");
        Native.check(error -> Native.library().fenrun_forest_set_number(
                pointer(), text, text.length, values, values.length, error));
    }

    /** States a text of all members, in join order: codes from 0 into {@code words}. */
    public void fact(String name, int[] codes, String... words) {
        byte[] text = Native.utf8(name, "fact name");
        byte[] json = Native.utf8(list(words), "words");
        Native.check(error -> Native.library().fenrun_forest_set_text(
                pointer(), text, text.length, codes, codes.length, json, json.length, error));
    }

    /** States the rank of all members, in join order: 0 for none, else the place in {@code names} from 1. */
    public void ranks(byte[] codes, String... names) {
        byte[] json = Native.utf8(list(names), "rank names");
        Native.check(error -> Native.library().fenrun_forest_set_rank(
                pointer(), codes, codes.length, json, json.length, error));
    }

    private static String list(String[] words) {
        JsonArray list = new JsonArray();
        for (String word : words) {
            list.add(word);
        }
        return list.toString();
    }

    Pointer pointer() {
        return handle.get();
    }

    @Override
    public void close() {
        handle.close();
    }
}
