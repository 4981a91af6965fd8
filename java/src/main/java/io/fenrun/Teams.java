package io.fenrun;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.ByteByReference;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import java.util.Arrays;

/**
 * Who stands below whom, in a forest as it stood when its teams were asked for: {@link Forest#teams} makes them, in two
 * sweeps over all members. Members are numbers as the forest counts them, which its {@code findAll} and {@code ids}
 * lead to and from ({@code find} follows merges, also those that came after these teams); where 0 is taken, it is
 * about all members together. Immutable: share freely, and close it.
 */
public final class Teams implements AutoCloseable {
    private final Handle handle;

    Teams(Pointer teams) {
        handle = new Handle("teams", teams, Native.library()::fenrun_teams_free);
    }

    /** Whether one member stands above another one, however far; nobody is above themselves. */
    public boolean isAbove(long above, long below) {
        Native.id("above", above);
        Native.id("below", below);
        ByteByReference yes = new ByteByReference();
        handle.run(teams -> Native.check(error -> Native.library().fenrun_teams_is_above(
                teams, above, below, yes, error)));
        return yes.getValue() == 1;
    }

    /** How many steps below its root a member stands; 0 for a root. */
    public int depth(long member) {
        Native.id("member", member);
        IntByReference depth = new IntByReference();
        handle.run(teams -> Native.check(error -> Native.library().fenrun_teams_depth(teams, member, depth, error)));
        return depth.getValue();
    }

    /** How many people stand below a member; all members for 0. */
    public long size(long member) {
        Native.id("member", member);
        LongByReference size = new LongByReference();
        handle.run(teams -> Native.check(error -> Native.library().fenrun_teams_size(teams, member, size, error)));
        return size.getValue();
    }

    /**
     * A page of the team of a member, after so many of it and at most {@code limit}: each inviter before those they
     * invited, and those of one inviter in join order.
     */
    public long[] page(long member, long after, int limit) {
        return some(member, after, limit, Native.library()::fenrun_teams_page);
    }

    /** Who stands directly below a member, in join order; who has no inviter for 0. */
    public long[] below(long member, long after, int limit) {
        return some(member, after, limit, Native.library()::fenrun_teams_below);
    }

    /** How many people stand one, two, three … steps below a member. */
    public long[] generations(long member) {
        Native.id("member", member);
        LongByReference len = new LongByReference();
        // Deeper teams are asked for again.
        for (int room = 64;; room = Math.toIntExact(len.getValue())) {
            long[] counts = new long[room];
            long most = room;
            handle.run(teams -> Native.check(error -> Native.library().fenrun_teams_generations(
                    teams, member, counts, most, len, error)));
            if (len.getValue() <= room) {
                return Arrays.copyOf(counts, (int) len.getValue());
            }
        }
    }

    /** A call that gives some of a team. */
    private interface Call {
        int run(Pointer teams, long member, long after, long[] ids, long capacity, LongByReference len,
                Native.Failure error);
    }

    private long[] some(long member, long after, int limit, Call call) {
        Native.notNegative("after", FenrunException.NO_INDEX, after);
        Native.notNegative("limit", FenrunException.NO_INDEX, limit);
        int room = (int) Math.max(0, Math.min(limit, size(member) - after));
        long[] ids = new long[Math.max(1, room)];
        LongByReference len = new LongByReference();
        handle.run(teams -> Native.check(error -> call.run(teams, member, after, ids, room, len, error)));
        return Arrays.copyOf(ids, (int) len.getValue());
    }

    @Override
    public void close() {
        handle.close();
    }
}
