package io.fenrun;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** A column of texts as C takes and gives it: all of them one behind the other, and where each ends. */
final class Texts {
    final byte[] bytes;
    final long[] ends;

    /** Null is an empty text. */
    Texts(String[] texts, String what) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ends = new long[texts.length];
        for (int at = 0; at < ends.length; at++) {
            byte[] text = texts[at] == null ? new byte[0] : Native.utf8(texts[at], what);
            all.write(text, 0, text.length);
            ends[at] = all.size();
        }
        bytes = all.toByteArray();
    }

    /** A call that gives the ids of members, and where they end. */
    interface Call {
        int run(Native.Buffer ids, long[] ends, Native.Failure error);
    }

    /** The texts that a call gives. */
    static String[] read(int count, Call call) {
        if (count == 0) {
            return new String[0];
        }
        long[] ends = new long[count];
        Native.Buffer buffer = new Native.Buffer();
        Native.check(error -> call.run(buffer, ends, error));
        byte[] bytes = Native.takeBytes(buffer);
        String[] texts = new String[count];
        int start = 0;
        for (int at = 0; at < count; at++) {
            int end = Math.toIntExact(ends[at]);
            texts[at] = new String(bytes, start, end - start, StandardCharsets.UTF_8);
            start = end;
        }
        return texts;
    }
}
