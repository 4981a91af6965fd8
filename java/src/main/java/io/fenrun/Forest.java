package io.fenrun;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.ByteByReference;
import com.sun.jna.ptr.LongByReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * Who invited whom. Ids are whole numbers, or texts of up to 64 bytes: a forest of texts counts its members inside,
 * and whatever takes and gives a {@code long} means those numbers; what takes and gives a {@code String} means ids,
 * of either kind. Reading is shared freely; changing takes one thread at a time, which the library
 * checks. Close it, or its memory stays until the collector finds that nobody holds it.
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
        Native.ids("members", members);
        Native.ids("inviters", inviters);
        this.handle = new Handle("forest", Native.made((out, error) -> Native.library().fenrun_forest_new(
                members, inviters, members.length, out, error)).getValue(), Native.library()::fenrun_forest_free);
    }

    /**
     * Builds a forest whose ids are texts, from two columns in any order; an inviter that is null, empty or
     * "0" is nobody. Its numbers are the rows, from 1.
     *
     * @throws FenrunException.ForestException for a cycle of any length, an unknown inviter, a member that
     *     stands twice; its index names the row
     */
    public static Forest ofTexts(String[] members, String[] inviters) {
        if (members.length != inviters.length) {
            throw FenrunException.of(110, "length_mismatch", FenrunException.NO_INDEX,
                    members.length + " members with " + inviters.length + " inviters");
        }
        Texts ids = new Texts(members, "members");
        Texts above = new Texts(inviters, "inviters");
        return new Forest(Native.made((out, error) -> Native.library().fenrun_forest_new_texts(
                ids.bytes, ids.ends, above.bytes, above.ends, members.length, out, error)).getValue());
    }

    private Forest(Pointer opened) {
        this.handle = new Handle("forest", opened, Native.library()::fenrun_forest_free);
    }

    /**
     * Opens a saved forest: one file that all processes of a host map. What joins or is bound then goes into its
     * journal, behind what other processes wrote, and is on disk when the call returns.
     *
     * @throws FenrunException.ForestException for a file that is no saved forest, is damaged, newer or stale
     */
    public static Forest open(String path) {
        byte[] name = Native.utf8(path, "path");
        return new Forest(Native.made((out, error) -> Native.library().fenrun_forest_open(
                name, name.length, out, error)).getValue());
    }

    /** Saves the forest as one file, which appears when it is complete. */
    public void save(String path) {
        byte[] name = Native.utf8(path, "path");
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_save(
                forest, name, name.length, error)));
    }

    /** Makes the changes that other processes put into the journal since, and says whether there were any. */
    public boolean catchUp() {
        ByteByReference changed = new ByteByReference();
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_catch_up(
                forest, changed, error)));
        return changed.getValue() == 1;
    }

    /** Whether the forest was saved anew since it was opened; open it again then. */
    public boolean isStale() {
        ByteByReference stale = new ByteByReference();
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_is_stale(
                forest, stale, error)));
        return stale.getValue() == 1;
    }

    /** How many members there are. */
    public long size() {
        LongByReference len = new LongByReference();
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_len(
                forest, len, error)));
        return len.getValue();
    }

    /**
     * All members, in the order in which columns of facts stand: that of the rows a forest was made from, and then of
     * who joined; join order where it was opened.
     */
    public long[] members() {
        int count = Math.toIntExact(size());
        long[] members = new long[Math.max(1, count)];
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_members(
                forest, members, count, error)));
        return Arrays.copyOf(members, count);
    }

    /**
     * A new member, invited by a member, or by nobody (0). They have no rank and state no fact until columns are set
     * again for all: a rule that asks for one is refused with {@code missing_fact} where it meets them.
     */
    public void join(long member, long inviter) {
        Native.id("member", member);
        Native.id("inviter", inviter);
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_join(
                forest, member, inviter, error)));
    }

    /** Gives an upline to a member who has none. */
    public void bind(long member, long inviter) {
        Native.id("member", member);
        Native.id("inviter", inviter);
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_bind(
                forest, member, inviter, error)));
    }

    /** A new member under an id of either kind, invited by a member or by nobody (null, empty or "0"). */
    public void join(String member, String inviter) {
        boolean nobody = inviter == null || inviter.isEmpty();
        append(change("join", member, nobody ? Json.NULL : Json.value(inviter)));
    }

    /** Gives an upline to a member who has none, both under ids of either kind. */
    public void bind(String member, String inviter) {
        append(change("bind", member, Json.value(inviter)));
    }

    private static String change(String what, String member, JsonValue inviter) {
        return new JsonObject().add(what, new JsonArray().add(member).add(inviter)).toString();
    }

    /**
     * Makes a change given as JSON: {@code {"join": [member, inviter]}}, {@code bind}, {@code rebind},
     * {@code {"unbind": member}}, {@code {"merge": [kept, gone]}} or {@code {"close": member, "downline": "stay"}}
     * (or {@code "roll_up"}), each with or without {@code from} in milliseconds. Ids may be texts. In a forest that
     * was opened it is on disk when the call returns.
     */
    public void append(String change) {
        byte[] json = Native.utf8(change, "change");
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_append(
                forest, json, json.length, error)));
    }

    /** Whether ids are texts. A forest without members has none yet: the first to join decides. */
    public boolean hasTexts() {
        ByteByReference yes = new ByteByReference();
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_has_texts(forest, yes, error)));
        return yes.getValue() == 1;
    }

    /** The number of a member under an id of either kind. */
    public long find(String id) {
        byte[] name = Native.utf8(id, "id");
        LongByReference member = new LongByReference();
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_find(
                forest, name, name.length, member, error)));
        return member.getValue();
    }

    /** The numbers of members under ids of either kind; an error has the index of the id that is not here. */
    public long[] findAll(String... ids) {
        Texts texts = new Texts(ids, "ids");
        long[] members = new long[Math.max(1, ids.length)];
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_find_all(
                forest, texts.bytes, texts.ends, ids.length, members, error)));
        return Arrays.copyOf(members, ids.length);
    }

    /** The ids of members by their numbers; empty for 0, who is nobody. */
    public String[] ids(long... members) {
        Native.ids("members", members);
        return handle.use(forest -> Texts.read(members.length, (ids, ends, error) -> Native.library()
                .fenrun_forest_ids(forest, members, members.length, ids, ends, error)));
    }

    /** The id of a member by their number. */
    public String id(long member) {
        Native.id("member", member);
        return handle.use(forest -> Native.text((out, error) -> Native.library().fenrun_forest_id(
                forest, member, out, error)));
    }

    /**
     * The ancestors of a member, nearest first, at most {@code most} of them; {@code Integer.MAX_VALUE} for all.
     */
    public long[] upline(long member, int most) {
        return upline(member, most, (forest, ids, room, len, error) -> Native.library().fenrun_forest_upline(
                forest, member, ids, room, len, error));
    }

    /**
     * The ancestors a member had at a moment, in milliseconds of UTC, nearest first: those of the account the member
     * named then, which may have been merged into another one since.
     */
    public long[] upline(long member, int most, long at) {
        return upline(member, most, (forest, ids, room, len, error) -> Native.library().fenrun_forest_upline_at(
                forest, member, at, ids, room, len, error));
    }

    /** The ids of the ancestors of a member, nearest first, at most {@code most} of them. */
    public String[] upline(String member, int most) {
        return ids(upline(find(member), most));
    }

    /** The ids of the ancestors a member had at a moment, in milliseconds of UTC, nearest first. */
    public String[] upline(String member, int most, long at) {
        return ids(upline(findAll(member)[0], most, at));
    }

    /** A call that gives ancestors. */
    private interface UplineCall {
        int run(Pointer forest, long[] ids, long room, LongByReference len, Native.Failure error);
    }

    private long[] upline(long member, int most, UplineCall call) {
        Native.id("member", member);
        if (most < 0) {
            throw FenrunException.of(205, "invalid_value", FenrunException.NO_INDEX,
                    "at most " + most + " ancestors; at least 0");
        }
        // No path is longer than the forest.
        int room = (int) Math.min(most, size());
        long[] ids = new long[Math.max(1, room)];
        LongByReference len = new LongByReference();
        handle.run(forest -> Native.check(error -> call.run(forest, ids, room, len, error)));
        return Arrays.copyOf(ids, (int) Math.min(room, len.getValue()));
    }

    /**
     * Every inviter a member had, oldest first; there is one at least. Of an account that was merged into another one
     * it is its own history.
     */
    public List<Edge> history(long member) {
        Native.id("member", member);
        LongByReference len = new LongByReference();
        // Few ever move; who moved more often is asked for again.
        for (int room = 8;; room = Math.toIntExact(len.getValue())) {
            long[] from = new long[room];
            long[] inviters = new long[room];
            long most = room;
            handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_history(
                    forest, member, from, inviters, most, len, error)));
            if (len.getValue() <= room) {
                int count = (int) len.getValue();
                String[] ids = ids(Arrays.copyOf(inviters, count));
                List<Edge> history = new ArrayList<>(count);
                for (int at = 0; at < count; at++) {
                    history.add(new Edge(from[at], inviters[at], ids[at]));
                }
                return Collections.unmodifiableList(history);
            }
        }
    }

    /** Every inviter a member had, by an id of either kind. */
    public List<Edge> history(String member) {
        return history(findAll(member)[0]);
    }

    /** Who was directly above a member, and from when on. */
    public static final class Edge {
        private final long from;
        private final long inviter;
        private final String inviterId;

        Edge(long from, long inviter, String inviterId) {
            this.from = from;
            this.inviter = inviter;
            this.inviterId = inviterId;
        }

        /** From when on, in milliseconds of UTC; empty for always, or until the next date. */
        public OptionalLong from() {
            return from == Long.MIN_VALUE ? OptionalLong.empty() : OptionalLong.of(from);
        }

        /** The inviter, as the forest counts them; 0 for nobody. */
        public long inviter() {
            return inviter;
        }

        /** The inviter as an id of either kind; empty for nobody. */
        public String inviterId() {
            return inviterId;
        }
    }

    /**
     * Who stands below whom, as the forest stands: made in two sweeps over all members, for as many questions as there
     * are. Teams stay as they are when the forest changes, or is closed.
     */
    public Teams teams() {
        return new Teams(handle.use(forest -> Native.made((out, error) -> Native.library().fenrun_teams_new(
                forest, out, error)).getValue()));
    }

    /**
     * What each member and everybody below them have together, both in the order of {@link #members}. Sums are exact,
     * and one sweep makes them all.
     */
    public long[] teamVolumes(long[] own) {
        long[] sums = new long[Math.max(1, own.length)];
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_team_volumes(
                forest, own, own.length, sums, error)));
        return Arrays.copyOf(sums, own.length);
    }

    /** States a fact of all members, in the order of {@link #members}, such as {@code distributor}. */
    public void fact(String name, boolean[] values) {
        byte[] bytes = new byte[values.length];
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = (byte) (values[at] ? 1 : 0);
        }
        byte[] text = Native.utf8(name, "fact name");
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_set_flag(
                forest, text, text.length, bytes, bytes.length, error)));
    }

    /** States a whole number of all members, in the order of {@link #members}. */
    public void fact(String name, long[] values) {
        byte[] text = Native.utf8(name, "fact name");
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_set_number(
                forest, text, text.length, values, values.length, error)));
    }

    /** States a text of all members, in the order of {@link #members}: codes from 0 into {@code words}. */
    public void fact(String name, int[] codes, String... words) {
        Native.notNegative("codes", codes);
        byte[] text = Native.utf8(name, "fact name");
        byte[] json = Native.utf8(list(words), "words");
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_set_text(
                forest, text, text.length, codes, codes.length, json, json.length, error)));
    }

    /**
     * States the rank of all members, in the order of {@link #members}: 0 for none, else the place in {@code names}
     * from 1.
     */
    public void ranks(byte[] codes, String... names) {
        for (int at = 0; at < codes.length; at++) {
            Native.notNegative("codes", at, codes[at]);
        }
        byte[] json = Native.utf8(list(names), "rank names");
        handle.run(forest -> Native.check(error -> Native.library().fenrun_forest_set_rank(
                forest, codes, codes.length, json, json.length, error)));
    }

    private static String list(String[] words) {
        JsonArray list = new JsonArray();
        for (String word : words) {
            list.add(word);
        }
        return list.toString();
    }

    /** Makes a call that needs the pointer. */
    <T> T use(Function<Pointer, T> call) {
        return handle.use(call);
    }

    @Override
    public void close() {
        handle.close();
    }
}
