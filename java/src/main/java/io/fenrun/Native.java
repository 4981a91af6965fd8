package io.fenrun;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.ByteByReference;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The C interface as JNA sees it; include/fenrun.h is its contract. 64-bit platforms only: size_t is a long. */
final class Native {
    private Native() {}

    /** The ABI these declarations were written for: FENRUN_ABI_VERSION of the header. */
    static final int ABI_VERSION = 1;

    /** {@code fenrun_error}. */
    @Structure.FieldOrder({"size", "code", "index", "line", "message"})
    public static final class Failure extends Structure {
        public int size = 256;
        public int code;
        public int index;
        public int line;
        public byte[] message = new byte[240];
    }

    /** {@code fenrun_buffer}. */
    @Structure.FieldOrder({"data", "len", "capacity"})
    public static final class Buffer extends Structure {
        public Pointer data;
        public long len;
        public long capacity;
    }

    /** {@code fenrun_component}. */
    @Structure.FieldOrder({"name", "nameLen", "values"})
    public static class Component extends Structure {
        public Pointer name;
        public long nameLen;
        public Pointer values;
    }

    /** {@code fenrun_orders}. */
    @Structure.FieldOrder({
        "size", "reserved", "len", "buyers", "buyerHandles", "paid", "ids", "lines", "units", "placedAt",
        "components", "componentsLen", "overrides", "overrideTable", "overrideTableLen", "tenant", "tenantLen"
    })
    public static final class OrderColumns extends Structure {
        public int size = 128;
        public int reserved;
        public long len;
        public Pointer buyers;
        public Pointer buyerHandles;
        public Pointer paid;
        public Pointer ids;
        public Pointer lines;
        public Pointer units;
        public Pointer placedAt;
        public Pointer components;
        public long componentsLen;
        public Pointer overrides;
        public Pointer overrideTable;
        public long overrideTableLen;
        public Pointer tenant;
        public long tenantLen;
    }

    /** The functions, named as in the header. */
    interface Functions extends Library {
        int fenrun_abi_version();

        int fenrun_abi_check(int header, Failure error);

        String fenrun_version();

        String fenrun_features();

        String fenrun_error_name(int code);

        void fenrun_buffer_free(Buffer buffer);

        int fenrun_plan_new(byte[] text, long len, PointerByReference out, Failure error);

        int fenrun_plan_preset(byte[] name, long len, PointerByReference out, Failure error);

        void fenrun_plan_free(Pointer plan);

        int fenrun_plan_hash(Pointer plan, Buffer out, Failure error);

        int fenrun_plan_json(Pointer plan, Buffer out, Failure error);

        int fenrun_plan_check(Pointer plan, Buffer out, Failure error);

        int fenrun_settle_one(
                Pointer plan, byte[] sale, long len, Buffer outcome, Buffer frozen, Failure error);

        int fenrun_reverse(
                byte[] frozen, long frozenLen, byte[] before, long beforeLen, byte[] refund, long refundLen,
                Buffer out, Failure error);

        int fenrun_money_parse(
                byte[] amount, long amountLen, byte[] currency, long currencyLen, LongByReference out,
                Failure error);

        int fenrun_money_format(long minor, byte[] currency, long len, Buffer out, Failure error);

        int fenrun_money_multiply(
                long minor, byte[] rate, long len, int rounding, LongByReference out, Failure error);

        int fenrun_money_allocate(
                long total, long[] weights, long[] caps, long[] ids, long len, int mode, int shareRounding,
                long[] shares, LongByReference unallocated, Failure error);

        int fenrun_forest_new(long[] members, long[] inviters, long len, PointerByReference out, Failure error);

        int fenrun_forest_new_texts(
                byte[] members, long[] memberEnds, byte[] inviters, long[] inviterEnds, long len,
                PointerByReference out, Failure error);

        int fenrun_forest_open(byte[] path, long pathLen, PointerByReference out, Failure error);

        int fenrun_forest_save(Pointer forest, byte[] path, long pathLen, Failure error);

        int fenrun_forest_catch_up(Pointer forest, ByteByReference changed, Failure error);

        int fenrun_forest_is_stale(Pointer forest, ByteByReference stale, Failure error);

        void fenrun_forest_free(Pointer forest);

        int fenrun_forest_len(Pointer forest, LongByReference out, Failure error);

        int fenrun_forest_members(Pointer forest, long[] members, long capacity, Failure error);

        int fenrun_forest_join(Pointer forest, long member, long inviter, Failure error);

        int fenrun_forest_bind(Pointer forest, long member, long inviter, Failure error);

        int fenrun_forest_append(Pointer forest, byte[] change, long changeLen, Failure error);

        int fenrun_forest_find(Pointer forest, byte[] id, long idLen, LongByReference out, Failure error);

        int fenrun_forest_id(Pointer forest, long member, Buffer out, Failure error);

        int fenrun_forest_has_texts(Pointer forest, ByteByReference yes, Failure error);

        int fenrun_forest_find_all(
                Pointer forest, byte[] ids, long[] idEnds, long len, long[] members, Failure error);

        int fenrun_forest_ids(Pointer forest, long[] members, long len, Buffer ids, long[] ends, Failure error);

        int fenrun_forest_upline(
                Pointer forest, long member, long[] out, long capacity, LongByReference len, Failure error);

        int fenrun_forest_upline_at(
                Pointer forest, long member, long at, long[] out, long capacity, LongByReference len, Failure error);

        int fenrun_forest_history(
                Pointer forest, long member, long[] from, long[] inviters, long capacity, LongByReference len,
                Failure error);

        int fenrun_forest_set_flag(
                Pointer forest, byte[] name, long nameLen, byte[] values, long len, Failure error);

        int fenrun_forest_set_number(
                Pointer forest, byte[] name, long nameLen, long[] values, long len, Failure error);

        int fenrun_forest_set_text(
                Pointer forest, byte[] name, long nameLen, int[] codes, long len, byte[] words, long wordsLen,
                Failure error);

        int fenrun_forest_set_rank(
                Pointer forest, byte[] codes, long len, byte[] names, long namesLen, Failure error);

        int fenrun_forest_team_volumes(Pointer forest, long[] own, long len, long[] sums, Failure error);

        int fenrun_teams_new(Pointer forest, PointerByReference out, Failure error);

        void fenrun_teams_free(Pointer teams);

        int fenrun_teams_is_above(Pointer teams, long above, long below, ByteByReference yes, Failure error);

        int fenrun_teams_depth(Pointer teams, long member, IntByReference depth, Failure error);

        int fenrun_teams_size(Pointer teams, long member, LongByReference size, Failure error);

        int fenrun_teams_page(
                Pointer teams, long member, long after, long[] ids, long capacity, LongByReference len, Failure error);

        int fenrun_teams_below(
                Pointer teams, long member, long after, long[] ids, long capacity, LongByReference len, Failure error);

        int fenrun_teams_generations(
                Pointer teams, long member, long[] counts, long capacity, LongByReference len, Failure error);

        int fenrun_settle(
                Pointer plan, Pointer forest, OrderColumns orders, int threads, PointerByReference out,
                Failure error);

        void fenrun_rows_free(Pointer rows);

        int fenrun_rows_len(Pointer rows, LongByReference out, Failure error);

        int fenrun_rows_copy_source(Pointer rows, int[] out, long capacity, Failure error);

        int fenrun_rows_copy_order(Pointer rows, long[] out, long capacity, Failure error);

        int fenrun_rows_copy_line(Pointer rows, long[] out, long capacity, Failure error);

        int fenrun_rows_copy_payee(Pointer rows, long[] out, long capacity, Failure error);

        int fenrun_rows_has_texts(Pointer rows, ByteByReference yes, Failure error);

        int fenrun_rows_ids(Pointer rows, long[] members, long len, Buffer ids, long[] ends, Failure error);

        int fenrun_rows_copy_rule(Pointer rows, int[] out, long capacity, Failure error);

        int fenrun_rows_copy_level(Pointer rows, int[] out, long capacity, Failure error);

        int fenrun_rows_copy_amount(Pointer rows, long[] out, long capacity, Failure error);

        int fenrun_rows_copy_account(Pointer rows, int[] out, long capacity, Failure error);

        int fenrun_rows_copy_after(Pointer rows, long[] out, long capacity, Failure error);

        int fenrun_rows_keys(Pointer rows, Buffer out, Failure error);

        int fenrun_rows_rule(Pointer rows, int place, Buffer out, Failure error);

        int fenrun_rows_account(Pointer rows, int place, Buffer out, Failure error);

        int fenrun_rows_pool(Pointer rows, LongByReference out, Failure error);

        int fenrun_rows_retained(Pointer rows, byte[] reason, long len, LongByReference out, Failure error);

        int fenrun_qr_draw(
                byte[] content, long contentLen, byte[] style, long styleLen, Buffer image, Failure error);

        int fenrun_run(
                byte[] operation, long operationLen, Pointer plan, byte[] input, long inputLen, Buffer out,
                Failure error);

        int fenrun_order_new(
                byte[] tenant, long tenantLen, byte[] id, long idLen, PointerByReference out, Failure error);

        int fenrun_order_replay(byte[] log, long len, PointerByReference out, Failure error);

        void fenrun_order_free(Pointer order);

        int fenrun_order_apply(Pointer order, byte[] command, long len, Buffer out, Failure error);

        int fenrun_order_state(Pointer order, Buffer out, Failure error);

        int fenrun_order_events(Pointer order, long from, Buffer out, Failure error);

        int fenrun_order_sale(Pointer order, Buffer out, Failure error);

        int fenrun_money_telescope(
                long total, long from, long to, long units, LongByReference out, Failure error);
    }

    private static volatile Functions loaded;

    /** The library, loaded at the first call; while that fails, every call says why. */
    static Functions library() {
        Functions functions = loaded;
        return functions == null ? load() : functions;
    }

    private static synchronized Functions load() {
        if (loaded == null) {
            loaded = Loader.load();
        }
        return loaded;
    }

    /** A call that reports through an error. */
    interface Call {
        int run(Failure error);
    }

    /** A call that fills a buffer. */
    interface TextCall {
        int run(Buffer out, Failure error);
    }

    /** A call that makes a handle. */
    interface MakeCall {
        int run(PointerByReference out, Failure error);
    }

    static void check(Call call) {
        Failure error = new Failure();
        int code = call.run(error);
        if (code != 0) {
            throw exception(library(), code, error);
        }
    }

    static String text(TextCall call) {
        Buffer out = new Buffer();
        check(error -> call.run(out, error));
        return take(out);
    }

    static PointerByReference made(MakeCall call) {
        PointerByReference out = new PointerByReference();
        check(error -> call.run(out, error));
        return out;
    }

    /** The text of a buffer, which is given back. */
    static String take(Buffer buffer) {
        return new String(takeBytes(buffer), StandardCharsets.UTF_8);
    }

    /** The bytes of a buffer, which is given back. */
    static byte[] takeBytes(Buffer buffer) {
        try {
            int len = Math.toIntExact(buffer.len);
            return len == 0 ? new byte[0] : buffer.data.getByteArray(0, len);
        } finally {
            library().fenrun_buffer_free(buffer);
        }
    }

    /** UTF-8; half of a surrogate pair is refused, because getBytes makes a question mark of any of them. */
    static byte[] utf8(String text, String what) {
        if (text == null) {
            throw new NullPointerException(what);
        }
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            return Arrays.copyOf(bytes.array(), bytes.limit());
        } catch (CharacterCodingException fault) {
            throw FenrunException.of(801, "invalid_argument", FenrunException.NO_INDEX,
                    "argument `" + what + "` has half of a surrogate pair, which is no text in UTF-8");
        }
    }

    /** Refuses ids below zero, which C would see as large ones. */
    static void ids(String what, long[] ids) {
        for (int at = 0; at < ids.length; at++) {
            if (ids[at] < 0) {
                throw badId(what + "[" + at + "]", at, ids[at]);
            }
        }
    }

    static void id(String what, long id) {
        if (id < 0) {
            throw badId(what, FenrunException.NO_INDEX, id);
        }
    }

    private static FenrunException badId(String what, int index, long id) {
        return FenrunException.of(408, "invalid_id", index,
                what + " is " + id + "; an id is a whole number from 1 to 2^63 - 1");
    }

    /** Refuses numbers below zero, which C would see as large ones. */
    static void notNegative(String what, int[] values) {
        for (int at = 0; at < values.length; at++) {
            notNegative(what, at, values[at]);
        }
    }

    static void notNegative(String what, int index, long value) {
        if (value < 0) {
            String place = index == FenrunException.NO_INDEX ? "" : "[" + index + "]";
            throw FenrunException.of(205, "invalid_value", index, what + place + " is " + value + "; at least 0");
        }
    }

    static FenrunException exception(Functions functions, int code, Failure error) {
        int end = 0;
        while (end < error.message.length && error.message[end] != 0) {
            end++;
        }
        String message = new String(error.message, 0, end, StandardCharsets.UTF_8);
        // 2^32 - 1 in the header, which is -1 in a Java int.
        return FenrunException.of(code, functions.fenrun_error_name(code), error.index, error.line, message);
    }
}
